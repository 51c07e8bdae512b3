//! A group that may be used in another VPC too (AWS: "Security group VPC associations").

use archipelago_proto::ec2::v1::{
    AssociateSecurityGroupVpcRequest, AssociateSecurityGroupVpcResult, DescribeSecurityGroupVpcAssociationsRequest,
    DescribeSecurityGroupVpcAssociationsResult, DisassociateSecurityGroupVpcRequest,
    DisassociateSecurityGroupVpcResult, GetSecurityGroupsForVpcRequest, GetSecurityGroupsForVpcResult,
    SecurityGroupForVpc, SecurityGroupVpcAssociation, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::state::DEFAULT;
use super::{SecurityGroupCommand, SecurityGroupState};
use crate::entity::{Id, Undo, workflow};
use crate::request::{Column, Context, Describe, Row, Table};

impl SecurityGroupState {
    /// Whether interfaces of a VPC may have the group.
    pub fn is_for(&self, vpc: &str) -> bool {
        self.public.vpc_id() == vpc || self.associations.iter().any(|known| known.vpc_id() == vpc)
    }
}

pub(super) async fn associate_security_group_vpc(
    cx: Context,
    input: AssociateSecurityGroupVpcRequest,
) -> Ec2Result<AssociateSecurityGroupVpcResult> {
    let group = cx.security_groups.find(&cx.account, input.group_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    if group.state.public.group_name() == DEFAULT {
        return Err(Ec2Error::invalid_parameter("A default security group cannot be associated with another VPC."));
    }
    if group.state.is_classic() {
        return Err(Ec2Error::invalid_parameter("Only Amazon VPC security groups may be used with this operation."));
    }
    if vpc.state.public.is_default() {
        return Err(Ec2Error::invalid_parameter("A security group cannot be associated with a default VPC."));
    }
    if group.state.public.vpc_id() == &*vpc.id {
        return Err(Ec2Error::invalid_parameter(format!("The security group {} is in the VPC {}.", group.id, vpc.id)));
    }
    let association = SecurityGroupVpcAssociation {
        group_id: Some(group.id.to_string()),
        vpc_id: Some(vpc.id.to_string()),
        vpc_owner_id: Some(vpc.account.to_string()),
        state: Some("associated".into()),
        state_reason: None,
        group_owner_id: Some(group.account.to_string()),
    };
    let mut undo = Undo::default();
    cx.hold(&mut undo, &cx.security_groups, &group.id, &vpc.id).await?;
    let outcome = cx.security_groups.ask(&group.id, SecurityGroupCommand::Associate(association)).await;
    workflow(undo, outcome).await?;
    Ok(AssociateSecurityGroupVpcResult { state: Some("associating".into()) })
}

pub(super) async fn disassociate_security_group_vpc(
    cx: Context,
    input: DisassociateSecurityGroupVpcRequest,
) -> Ec2Result<DisassociateSecurityGroupVpcResult> {
    let group = cx.security_groups.find(&cx.account, input.group_id())?;
    let known = group.state.associations.iter().find(|known| known.vpc_id() == input.vpc_id()).cloned();
    // First nobody comes any more, then it is seen who is there.
    let away = SecurityGroupCommand::Disassociate(Id::new(input.vpc_id()));
    cx.security_groups.ask(&group.id, away).await?;
    let users = cx.network_interfaces.linked_to(&group.id);
    if let Some(user) = users.values().find(|interface| interface.state.public.vpc_id() == input.vpc_id()) {
        if let Some(known) = known {
            cx.security_groups.ask(&group.id, SecurityGroupCommand::Associate(known)).await?;
        }
        let message = format!("The security group {} is in use by the network interface {}.", group.id, user.id);
        return Err(Ec2Error::dependency_violation(message));
    }
    Ok(DisassociateSecurityGroupVpcResult { state: Some("disassociating".into()) })
}

/// AWS: DescribeSecurityGroupVpcAssociations.
const ASSOCIATIONS: Table<(String, SecurityGroupVpcAssociation)> = &[
    ("group-id", Column::Of(|(_, known), probe| probe.text(known.group_id()))),
    ("group-owner-id", Column::Of(|(_, known), probe| probe.text(known.group_owner_id()))),
    ("state", Column::Of(|(_, known), probe| probe.text(known.state()))),
    ("vpc-id", Column::Of(|(_, known), probe| probe.text(known.vpc_id()))),
    ("vpc-owner-id", Column::Of(|(_, known), probe| probe.text(known.vpc_owner_id()))),
];

impl Row for (String, SecurityGroupVpcAssociation) {
    fn id(&self) -> &str {
        &self.0
    }
}

pub(super) async fn describe_security_group_vpc_associations(
    cx: Context,
    input: DescribeSecurityGroupVpcAssociationsRequest,
) -> Ec2Result<DescribeSecurityGroupVpcAssociationsResult> {
    let owned = cx.security_groups.owned_by(&cx.account);
    let all = owned.values().flat_map(|group| group.state.associations.iter().cloned());
    let all = all.map(|known| (format!("{}/{}", known.group_id(), known.vpc_id()), known)).collect();
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick_from("security-group-vpc-association", ASSOCIATIONS, all)?;
    Ok(DescribeSecurityGroupVpcAssociationsResult {
        security_group_vpc_associations: page.items.into_iter().map(|(_, known)| known).collect(),
        next_token: page.next_token,
    })
}

impl Row for SecurityGroupForVpc {
    fn id(&self) -> &str {
        self.group_id()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

/// AWS: GetSecurityGroupsForVpc.
const FOR_VPC: Table<SecurityGroupForVpc> = &[
    ("description", Column::Of(|group, probe| probe.text(group.description()))),
    ("group-id", Column::Id),
    ("group-name", Column::Of(|group, probe| probe.text(group.group_name()))),
    ("owner-id", Column::Of(|group, probe| probe.text(group.owner_id()))),
    ("primary-vpc-id", Column::Of(|group, probe| probe.text(group.primary_vpc_id()))),
];

pub(super) async fn get_security_groups_for_vpc(
    cx: Context,
    input: GetSecurityGroupsForVpcRequest,
) -> Ec2Result<GetSecurityGroupsForVpcResult> {
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let groups = cx.security_groups.linked_to(&vpc.id);
    let groups = groups.values().filter(|group| group.account == cx.account && group.state.is_for(&vpc.id));
    let groups = groups.map(|group| {
        let public = &group.state.public;
        SecurityGroupForVpc {
            description: public.description.clone(),
            group_name: public.group_name.clone(),
            owner_id: public.owner_id.clone(),
            group_id: public.group_id.clone(),
            tags: public.tags.clone(),
            primary_vpc_id: public.vpc_id.clone(),
        }
    });
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick_from(&vpc.id, FOR_VPC, groups.collect())?;
    Ok(GetSecurityGroupsForVpcResult { next_token: page.next_token, security_group_for_vpcs: page.items })
}
