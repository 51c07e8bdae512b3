//! Items that an action on several could not do.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{UnsuccessfulItem, UnsuccessfulItemError};

/// What is said of an item, if it failed.
pub fn unsuccessful(id: &str, outcome: Ec2Result<()>) -> Option<UnsuccessfulItem> {
    let error = outcome.err()?;
    Some(UnsuccessfulItem {
        error: Some(UnsuccessfulItemError { code: Some(error.code), message: Some(error.message) }),
        resource_id: Some(id.to_owned()),
    })
}
