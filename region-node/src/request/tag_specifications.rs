//! Tags given at creation.

use archipelago_proto::ec2::v1::{Tag, TagSpecification};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::{Kind, TagChange};

/// The tags that the specifications have for a kind of resource. `allowed` are all the kinds that the
/// action creates; a specification for another is an error, as it would be lost.
pub fn tags_for(kind: &Kind, allowed: &[&Kind], specifications: &[TagSpecification]) -> Ec2Result<Vec<Tag>> {
    let mut tags = Vec::new();
    for specification in specifications {
        let resource_type = specification.resource_type();
        if resource_type.is_empty() {
            return Err(Ec2Error::invalid_parameter("Tag specification must have a resource type"));
        }
        if !allowed.iter().any(|kind| kind.resource_type == resource_type) {
            return Err(Ec2Error::invalid_parameter(format!(
                "'{resource_type}' is not a valid taggable resource type for this operation."
            )));
        }
        if specification.tags.is_empty() {
            return Err(Ec2Error::invalid_parameter("Tag specification must have at least one tag"));
        }
        if resource_type == kind.resource_type {
            if !tags.is_empty() {
                return Err(Ec2Error::invalid_parameter(format!(
                    "The resource type '{resource_type}' has more than one tag specification"
                )));
            }
            TagChange::Set(specification.tags.clone()).apply(&mut tags)?;
        }
    }
    Ok(tags)
}
