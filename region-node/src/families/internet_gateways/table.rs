//! That a gateway, of any kind, uses a route table for what enters the VPC there.

use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::Id;
use crate::families::vpcs::no_association;

/// That a gateway uses a route table.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GatewayTable {
    #[prost(string, tag = "1")]
    pub association: String,
    #[prost(string, tag = "2")]
    pub route_table: String,
}

/// What a gateway's command may change of it.
pub enum TableChange {
    Associate(GatewayTable),
    Replace { association: Id, new: GatewayTable },
    Disassociate { association: Id },
}

impl TableChange {
    /// Makes the change; false where it is as wanted already.
    pub fn apply(self, table: &mut Option<GatewayTable>) -> Ec2Result<bool> {
        *table = match self {
            Self::Associate(new) => match table {
                Some(known) if known.route_table == new.route_table => return Ok(false),
                Some(_) => {
                    return Err(Ec2Error::new(
                        "Resource.AlreadyAssociated",
                        format!(
                            "the specified association for route table {} conflicts with an existing association",
                            new.route_table
                        ),
                    ));
                }
                None => Some(new),
            },
            Self::Replace { association, new } => {
                check(table.as_ref(), &association)?;
                Some(new)
            }
            Self::Disassociate { association } => {
                check(table.as_ref(), &association)?;
                None
            }
        };
        Ok(true)
    }
}

fn check(table: Option<&GatewayTable>, id: &Id) -> Ec2Result<()> {
    match table {
        Some(table) if table.association == **id => Ok(()),
        _ => Err(no_association(id)),
    }
}
