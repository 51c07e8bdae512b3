//! Who uses which route table: the association is its subnet's, its gateway's or, for the main one, its VPC's.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::RouteTableState;
use crate::entity::{Entity, Host, Id, Published, Undo};
use crate::families::subnets::{Association, SubnetCommand, SubnetState};
use crate::families::vpcs::{VpcCommand, VpcState, no_association};
use crate::request::Context;

/// An association by its owner.
pub(super) enum Owner {
    Subnet(Arc<Published<SubnetState>>),
    Gateway(Id),
    /// The VPC's with its main route table.
    Main(Arc<Published<VpcState>>),
}

impl Owner {
    /// The owner of the association with this id.
    pub(super) fn find(cx: &Context, id: &Id) -> Ec2Result<Self> {
        if let Some(subnet) = owner(cx, &cx.subnets, id) {
            return Ok(Self::Subnet(subnet));
        }
        if let Some(vpc) = owner(cx, &cx.vpcs, id) {
            return Ok(Self::Main(vpc));
        }
        owner(cx, &cx.internet_gateways, id).map(|gateway| Self::Gateway(gateway.id.clone())).ok_or_else(|| no_association(id))
    }
}

