//! Groups of EC2-Classic: for instances outside of any VPC, with inbound rules alone, which may name the groups of other
//! accounts (reference: AuthorizeSecurityGroupIngress).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{SecurityGroup, UserIdGroupPair};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::SecurityGroupState;
use super::rules::Peer;
use super::state::DEFAULT;
use super::traffic::Traffic;
use crate::entity::Published;
use crate::request::Context;

type Group = Arc<Published<SecurityGroupState>>;

const LONGEST: usize = 255;

/// The group of that name that an account has in EC2-Classic.
pub fn classic_by_name(cx: &Context, account: &str, name: &str) -> Ec2Result<Group> {
    let groups = cx.security_groups.owned_by(account);
    let found = groups.values().find(|group| group.state.is_classic() && group.state.public.group_name() == name);
    found.cloned().ok_or_else(|| {
        let shown = if *account == *cx.account { name.to_owned() } else { format!("{account}/{name}") };
        Ec2Error::new("InvalidGroup.NotFound", format!("The security group '{shown}' does not exist"))
    })
}

/// Names and descriptions may have any ASCII characters here.
pub(super) fn check_name(name: &str, description: &str) -> Ec2Result<()> {
    if name == DEFAULT {
        return Err(Ec2Error::new("InvalidGroup.Reserved", "The security group 'default' is reserved"));
    }
    for (parameter, text) in [("groupName", name), ("GroupDescription", description)] {
        if text.is_empty() {
            return Err(Ec2Error::missing_parameter(parameter));
        }
        if !text.is_ascii() || text.len() > LONGEST {
            return Err(Ec2Error::invalid_parameter(format!(
                "Value ({text}) for parameter {parameter} is invalid. Valid values are up to {LONGEST} ASCII characters."
            )));
        }
    }
    if name.to_ascii_lowercase().starts_with("sg-") {
        return Err(Ec2Error::invalid_parameter(format!(
            "invalid value for parameter groupName: {name}. Group names may not be in the format sg-*."
        )));
    }
    Ok(())
}

/// Reference: only TCP, UDP and ICMP; and there are no IPv6 addresses and prefix lists.
pub(super) fn check_rule(traffic: &Traffic, peer: &Peer) -> Ec2Result<()> {
    let protocol = &traffic.protocol;
    if !matches!(protocol.as_str(), "tcp" | "udp" | "icmp") {
        return Err(Ec2Error::invalid_parameter(format!(
            "Invalid value '{protocol}' for IP protocol. Unknown protocol."
        )));
    }
    match peer {
        Peer::Ipv4(_) | Peer::Group { .. } => Ok(()),
        Peer::Ipv6(_) | Peer::PrefixList(_) => Err(Ec2Error::invalid_parameter(
            "Only Amazon VPC security groups may have rules for IPv6 addresses and prefix lists.",
        )),
    }
}

/// The group that a rule refers to, by its id or by its name, of this account or of another.
pub(super) fn member(cx: &Context, pair: &UserIdGroupPair) -> Ec2Result<Peer> {
    let owner = pair.user_id.as_deref().unwrap_or(&cx.account);
    let found = match (pair.group_id.as_deref(), pair.group_name.as_deref()) {
        (Some(id), _) => cx.security_groups.find(owner, id)?,
        (None, Some(name)) => classic_by_name(cx, owner, name)?,
        (None, None) => {
            return Err(Ec2Error::new(
                "MissingParameter",
                "The request must contain the parameter groupId or groupName for a group pair",
            ));
        }
    };
    if !found.state.is_classic() || pair.vpc_id.is_some() {
        return Err(Ec2Error::new(
            "InvalidGroup.NotFound",
            "You have specified two resources that belong to different networks.",
        ));
    }
    Ok(Peer::Group { id: found.id.clone(), owner: found.account.to_string(), vpc: String::new() })
}

/// In EC2-Classic rules show the names of the groups that they refer to.
pub(super) fn name_members(cx: &Context, mut shown: SecurityGroup) -> SecurityGroup {
    if shown.vpc_id.is_some() {
        return shown;
    }
    for pair in shown.ip_permissions.iter_mut().flat_map(|permission| &mut permission.user_id_group_pairs) {
        let group = pair.group_id.as_deref().and_then(|id| cx.security_groups.index().get(id));
        pair.group_name = group.and_then(|group| group.state.public.group_name.clone());
    }
    shown
}
