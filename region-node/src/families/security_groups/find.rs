//! Finding a group by its id, or in the default VPC by its name.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::SecurityGroupState;
use super::classic::classic_by_name;
use crate::entity::Published;
use crate::families::vpcs::VpcState;
use crate::request::{Context, one_of};

type Group = Arc<Published<SecurityGroupState>>;

/// The group that a request names in one of two ways.
pub(super) fn by_id_or_name(cx: &Context, id: Option<&str>, name: Option<&str>) -> Ec2Result<Group> {
    one_of(("groupId", id), ("groupName", name))?;
    match (id, name) {
        (Some(id), _) => cx.security_groups.find(&cx.account, id),
        (None, name) => by_name(cx, name.unwrap_or_default()),
    }
}

/// The group of this name in the default VPC, or in EC2-Classic.
pub fn by_name(cx: &Context, name: &str) -> Ec2Result<Group> {
    let Some(vpc) = default_vpc(cx) else {
        if cx.has_classic() {
            return classic_by_name(cx, &cx.account, name);
        }
        return Err(Ec2Error::new("InvalidGroup.NotFound", format!("The security group '{name}' does not exist")));
    };
    named_in(cx, &vpc, name).ok_or_else(|| {
        let message = format!("The security group '{name}' does not exist in default VPC '{}'", vpc.id);
        Ec2Error::new("InvalidGroup.NotFound", message)
    })
}

fn named_in(cx: &Context, vpc: &Published<VpcState>, name: &str) -> Option<Group> {
    let groups = cx.security_groups.linked_to(&vpc.id);
    groups.values().find(|group| group.state.public.group_name() == name).cloned()
}

pub(super) fn default_vpc(cx: &Context) -> Option<Arc<Published<VpcState>>> {
    cx.vpcs.owned_by(&cx.account).values().find(|vpc| vpc.state.public.is_default()).cloned()
}

pub(super) fn is_in_default_vpc(cx: &Context, group: &Published<SecurityGroupState>) -> bool {
    default_vpc(cx).is_some_and(|vpc| *vpc.id == *group.state.public.vpc_id())
}
