//! How much an account may have: the quotas of AWS, or such as the operator sets.
//!
//! Off at first, and then one look at a flag is all that they cost. What there are is a table ([`aws.toml`](table));
//! which figures are in force is said by the configuration and by the operator ([`figures`]); what resources take is told
//! by their states ([`Weight`]) and kept in a ledger, in which a commit finds room for all that it makes or none of it.

mod enforcement;
mod figures;
mod ledger;
mod load;
mod operator;
mod table;

pub use enforcement::{Quotas, Used};
pub use figures::{Profile, Setting};
pub use load::Weight;
pub use table::{Quota, find};

pub(crate) use ledger::Before;
pub(crate) use load::{Load, loads};
pub(crate) use operator::answer;
