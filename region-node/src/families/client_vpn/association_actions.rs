//! The subnets that endpoints lead to.

use archipelago_proto::ec2::v1::{
    ApplySecurityGroupsToClientVpnTargetNetworkRequest, ApplySecurityGroupsToClientVpnTargetNetworkResult,
    AssociateClientVpnTargetNetworkRequest, AssociateClientVpnTargetNetworkResult,
    DescribeClientVpnTargetNetworksRequest, DescribeClientVpnTargetNetworksResult,
    DisassociateClientVpnTargetNetworkRequest, DisassociateClientVpnTargetNetworkResult, TargetNetwork,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::creation::check_groups;
use super::filters::NETWORKS;
use super::state::{Association, ClientVpnCommand, associating, no_association};
use crate::entity::{Id, Undo, workflow};
use crate::families::network_interfaces::launch::{self, NewInterface};
use crate::families::network_interfaces::{Attribute, NetworkInterfaceCommand, service};
use crate::request::{Action, Context, Describe, required};
use crate::time::Transition;

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(apply_security_groups_to_client_vpn_target_network),
        Action::new(associate_client_vpn_target_network),
        Action::new(describe_client_vpn_target_networks),
        Action::new(disassociate_client_vpn_target_network),
    ]
}

async fn associate_client_vpn_target_network(
    cx: Context,
    input: AssociateClientVpnTargetNetworkRequest,
) -> Ec2Result<AssociateClientVpnTargetNetworkResult> {
    if input.availability_zone.is_some() || input.availability_zone_id.is_some() {
        return Err(Ec2Error::unsupported("Availability Zones are given for endpoints on transit gateways only."));
    }
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let subnet = cx.subnets.find(&cx.account, required("SubnetId", input.subnet_id.as_deref())?)?;
    let vpc = cx.vpcs.find(&cx.account, subnet.state.public.vpc_id())?;
    let mut groups = endpoint.state.public.security_group_ids.clone();
    if groups.is_empty() {
        groups.push(vpc.state.default_group.to_string());
    }
    let id = cx.shell.ids.prefixed("cvpn-assoc");
    let mut undo = Undo::default();
    let outcome = async {
        let new = NewInterface {
            groups: groups.clone(),
            description: Some("ClientVPN Endpoint resource".into()),
            ..NewInterface::in_subnet(subnet.clone())
        };
        let (interface_id, interface) = service::prepare(&cx, &mut undo, &new, &endpoint.id).await?;
        cx.hold(&mut undo, &cx.client_vpn_endpoints, &endpoint.id, &subnet.id).await?;
        let mut association = Association {
            public: TargetNetwork {
                association_id: Some(id.to_string()),
                vpc_id: Some(vpc.id.to_string()),
                target_network_id: Some(subnet.id.to_string()),
                client_vpn_endpoint_id: Some(endpoint.id.to_string()),
                security_groups: groups.clone(),
                availability_zones: subnet.state.public.availability_zone.iter().cloned().collect(),
                availability_zone_ids: subnet.state.public.availability_zone_id.iter().cloned().collect(),
                status: None,
            },
            zone: subnet.state.public.availability_zone().to_owned(),
            interface: interface_id.to_string(),
            blocks: vpc.state.ipv4_blocks().map(|block| block.to_string()).collect(),
            settles: None,
        };
        let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::ClientVpnChange);
        associating(&mut association, settles);
        let status = association.public.status.clone();
        cx.client_vpn_endpoints.ask(&endpoint.id, ClientVpnCommand::Associate(Box::new(association))).await?;
        let (region, forget, from) = (cx.region.clone(), id.to_string(), endpoint.id.clone());
        undo.push(async move {
            drop(region.client_vpn_endpoints.ask(&from, ClientVpnCommand::Forget(forget)).await);
        });
        let mut batch = cx.batch();
        batch.create(&cx.network_interfaces, &interface_id, interface)?;
        let result = AssociateClientVpnTargetNetworkResult { association_id: Some(id.to_string()), status };
        cx.commit(batch, result).await
    }
    .await;
    let result = workflow(undo, outcome).await?;
    if endpoint.state.public.security_group_ids.is_empty() {
        use_groups(&cx, &endpoint.id, vpc.id.to_string(), groups).await?;
    }
    Ok(result)
}

/// Groups for an endpoint, and for its interfaces.
pub(super) async fn use_groups(cx: &Context, endpoint: &Id, vpc: String, groups: Vec<String>) -> Ec2Result<()> {
    let mut undo = Undo::default();
    let outcome = async {
        for group in &groups {
            cx.hold(&mut undo, &cx.client_vpn_endpoints, endpoint, &Id::new(group)).await?;
        }
        let command = ClientVpnCommand::UseGroups { vpc: vpc.clone(), groups: groups.clone() };
        cx.client_vpn_endpoints.ask(endpoint, command).await.map(drop)
    }
    .await;
    workflow(undo, outcome).await?;
    for interface in cx.network_interfaces.linked_to(endpoint).values() {
        let found = launch::groups(cx, &groups, &vpc, &interface.state.subnet())?;
        let set = NetworkInterfaceCommand::Set(Attribute::Groups(found));
        cx.network_interfaces.ask(&interface.id, set).await?;
    }
    Ok(())
}

async fn apply_security_groups_to_client_vpn_target_network(
    cx: Context,
    input: ApplySecurityGroupsToClientVpnTargetNetworkRequest,
) -> Ec2Result<ApplySecurityGroupsToClientVpnTargetNetworkResult> {
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let known = endpoint.state.public.vpc_id.as_deref();
    if known.is_some_and(|known| *known != *vpc.id) {
        return Err(Ec2Error::invalid_parameter(format!("The endpoint {} is not in the VPC {}.", endpoint.id, vpc.id)));
    }
    check_groups(&cx, &input.security_group_ids, Some(&vpc.id))?;
    use_groups(&cx, &endpoint.id, vpc.id.to_string(), input.security_group_ids.clone()).await?;
    Ok(ApplySecurityGroupsToClientVpnTargetNetworkResult { security_group_ids: input.security_group_ids })
}

async fn disassociate_client_vpn_target_network(
    cx: Context,
    input: DisassociateClientVpnTargetNetworkRequest,
) -> Ec2Result<DisassociateClientVpnTargetNetworkResult> {
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let id = input.association_id();
    let command = ClientVpnCommand::Disassociate(id.to_owned());
    let now = cx.client_vpn_endpoints.ask(&endpoint.id, command).await?.published;
    let known = now.state.associations.iter().find(|known| known.public.association_id() == id);
    Ok(DisassociateClientVpnTargetNetworkResult {
        association_id: Some(id.to_owned()),
        status: known.and_then(|known| known.public.status.clone()),
    })
}

async fn describe_client_vpn_target_networks(
    cx: Context,
    input: DescribeClientVpnTargetNetworksRequest,
) -> Ec2Result<DescribeClientVpnTargetNetworksResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        scope: &[&input.association_ids],
        ..Describe::default()
    };
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let mut rows: Vec<_> = endpoint.state.associations.iter().map(|known| known.public.clone()).collect();
    if !input.association_ids.is_empty() {
        let known = |id: &String| rows.iter().any(|row| row.association_id() == id);
        if let Some(id) = input.association_ids.iter().find(|id| !known(id)) {
            return Err(no_association(id));
        }
        rows.retain(|row| input.association_ids.iter().any(|id| id == row.association_id()));
    }
    let page = describe.pick_from(&endpoint.id, NETWORKS, rows)?;
    Ok(DescribeClientVpnTargetNetworksResult { client_vpn_target_networks: page.items, next_token: page.next_token })
}
