//! A network ACL as it is shown: with the last entries and the subnets that use it.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{NetworkAcl, NetworkAclAssociation, NetworkAclEntry, Tag};

use super::NetworkAclState;
use super::state::everything;
use crate::entity::{Id, Published};
use crate::request::{Context, Row};

/// The entries that every ACL ends with, for IPv4 and for IPv6.
const LAST: i32 = 32_767;
const LAST_IPV6: i32 = 32_768;

/// What filters are held against.
pub(super) struct View {
    id: Id,
    pub(super) acl: NetworkAcl,
}

impl Row for View {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &[Tag] {
        &self.acl.tags
    }
}

pub(super) fn view(cx: &Context, published: &Arc<Published<NetworkAclState>>) -> View {
    let acl = shown(cx, &published.id, &published.state.public);
    View { id: published.id.clone(), acl }
}

pub(super) fn shown(cx: &Context, id: &Id, stored: &NetworkAcl) -> NetworkAcl {
    let vpc = cx.vpcs.index().get(stored.vpc_id());
    let ipv6 = vpc.is_some_and(|vpc| vpc.state.ipv6_blocks().next().is_some());
    NetworkAcl { entries: entries(stored, ipv6), associations: associations(cx, id), ..stored.clone() }
}

/// In the order in which they apply, those for what leaves first.
fn entries(stored: &NetworkAcl, ipv6: bool) -> Vec<NetworkAclEntry> {
    let mut entries = stored.entries.clone();
    for egress in [true, false] {
        let cidr_block = Some("0.0.0.0/0".into());
        entries.push(NetworkAclEntry { cidr_block, ..everything(egress, LAST, "deny") });
        if ipv6 {
            let ipv6_cidr_block = Some("::/0".into());
            entries.push(NetworkAclEntry { ipv6_cidr_block, ..everything(egress, LAST_IPV6, "deny") });
        }
    }
    entries.sort_by_key(|entry| (!entry.egress(), entry.rule_number()));
    entries
}

fn associations(cx: &Context, id: &Id) -> Vec<NetworkAclAssociation> {
    let subnets = cx.subnets.linked_to(id);
    let associations = subnets.values().map(|subnet| NetworkAclAssociation {
        network_acl_association_id: Some(subnet.state.network_acl.id.to_string()),
        network_acl_id: Some(id.to_string()),
        subnet_id: Some(subnet.id.to_string()),
    });
    associations.collect()
}
