//! ReplaceNetworkAclAssociation: the association is its subnet's.

use archipelago_proto::ec2::v1::{ReplaceNetworkAclAssociationRequest, ReplaceNetworkAclAssociationResult};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::{Id, Undo, workflow};
use crate::families::subnets::{Association, SubnetCommand};
use crate::families::vpcs::no_association;
use crate::request::Context;

pub(super) async fn replace_network_acl_association(
    cx: Context,
    input: ReplaceNetworkAclAssociationRequest,
) -> Ec2Result<ReplaceNetworkAclAssociationResult> {
    let association = Id::new(input.association_id());
    let subnet = cx.subnets.of_part(&cx.account, &association);
    let subnet = subnet.filter(|subnet| subnet.state.network_acl.id == association);
    let subnet = subnet.ok_or_else(|| no_association(&association))?;
    let acl = cx.network_acls.find(&cx.account, input.network_acl_id())?;
    if acl.state.public.vpc_id() != subnet.state.public.vpc_id() {
        let message = format!("network acl {} and subnet {} belong to different networks", acl.id, subnet.id);
        return Err(Ec2Error::invalid_parameter(message));
    }
    let mut undo = Undo::default();
    cx.hold(&mut undo, &cx.subnets, &subnet.id, &acl.id).await?;
    let id = cx.shell.ids.prefixed("aclassoc");
    let new = Association { id: id.clone(), to: acl.id.clone() };
    let outcome = cx.subnets.ask(&subnet.id, SubnetCommand::ReplaceAcl { association, new }).await;
    workflow(undo, outcome).await?;
    Ok(ReplaceNetworkAclAssociationResult { new_association_id: Some(id.into()) })
}
