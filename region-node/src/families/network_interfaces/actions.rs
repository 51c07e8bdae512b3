//! The actions on network interfaces (reference: CreateNetworkInterface and those beside it).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    CreateNetworkInterfaceRequest, CreateNetworkInterfaceResult, DeleteNetworkInterfaceRequest,
    DeleteNetworkInterfaceResponse, DescribeNetworkInterfacesRequest, DescribeNetworkInterfacesResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::address_actions::{
    assign_ipv6_addresses, assign_private_ip_addresses, unassign_ipv6_addresses, unassign_private_ip_addresses,
};
use super::attribute_actions::{
    describe_network_interface_attribute, modify_network_interface_attribute, reset_network_interface_attribute,
};
use super::filters::{FILTERS, InterfaceRow};
use super::permissions::{
    create_network_interface_permission, delete_network_interface_permission, describe_network_interface_permissions,
};
use super::plan::{NewInterface, Plan};
use super::view::show;
use super::{NetworkInterfaceCommand, NetworkInterfaceState, removal};
use crate::entity::{Entity as _, Id, Undo, workflow};
use crate::request::{Action, Context, Describe, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_network_interface),
        Action::new(delete_network_interface),
        Action::new(describe_network_interfaces),
        Action::new(describe_network_interface_attribute),
        Action::new(modify_network_interface_attribute),
        Action::new(reset_network_interface_attribute),
        Action::new(assign_private_ip_addresses),
        Action::new(unassign_private_ip_addresses),
        Action::new(assign_ipv6_addresses),
        Action::new(unassign_ipv6_addresses),
        Action::new(create_network_interface_permission),
        Action::new(delete_network_interface_permission),
        Action::new(describe_network_interface_permissions),
    ]
}

async fn create_network_interface(
    cx: Context,
    input: CreateNetworkInterfaceRequest,
) -> Ec2Result<CreateNetworkInterfaceResult> {
    let kind = &NetworkInterfaceState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    if input.operator.is_some() {
        return Err(Ec2Error::unsupported("The parameter Operator is reserved for AWS services."));
    }
    let new = NewInterface {
        subnet: cx.subnets.find(&cx.account, input.subnet_id())?,
        groups: input.groups,
        description: input.description,
        private_ip_address: input.private_ip_address,
        private_ip_addresses: input.private_ip_addresses,
        secondary_private_ip_address_count: input.secondary_private_ip_address_count,
        ipv4_prefixes: input.ipv4_prefixes,
        ipv4_prefix_count: input.ipv4_prefix_count,
        ipv6_addresses: input.ipv6_addresses,
        ipv6_address_count: input.ipv6_address_count,
        ipv6_prefixes: input.ipv6_prefixes,
        ipv6_prefix_count: input.ipv6_prefix_count,
        primary_ipv6: input.enable_primary_ipv6.unwrap_or(false),
        interface_type: input.interface_type,
        connection_tracking: input.connection_tracking_specification,
        tags,
    };
    let mut undo = Undo::default();
    let outcome = create(&cx, &mut undo, &new, input.client_token).await;
    workflow(undo, outcome).await
}

async fn create(
    cx: &Context,
    undo: &mut Undo,
    new: &NewInterface,
    client_token: Option<String>,
) -> Ec2Result<CreateNetworkInterfaceResult> {
    let plan = Plan::read(cx, new)?;
    let mut batch = cx.batch();
    let mut response = CreateNetworkInterfaceResult { client_token, network_interface: None };
    for interface in plan.interfaces(cx, undo, 1).await? {
        let id = Id::new(interface.public.network_interface_id());
        let mut shown = show(cx, &id, &interface);
        shown.status = Some("pending".into());
        response.network_interface = Some(shown);
        batch.create(&cx.network_interfaces, &id, interface)?;
    }
    cx.commit(batch, response).await
}

async fn delete_network_interface(
    cx: Context,
    input: DeleteNetworkInterfaceRequest,
) -> Ec2Result<DeleteNetworkInterfaceResponse> {
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    removal::command(&cx, &interface.id, NetworkInterfaceCommand::Delete).await?;
    Ok(DeleteNetworkInterfaceResponse {})
}

async fn describe_network_interfaces(
    cx: Context,
    input: DescribeNetworkInterfacesRequest,
) -> Ec2Result<DescribeNetworkInterfacesResult> {
    let describe = Describe {
        ids: &input.network_interface_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let row = |interface: Arc<_>| InterfaceRow::new(&cx, interface);
    let page = describe.find_rows(&cx, &cx.network_interfaces, FILTERS, row)?;
    let network_interfaces = page.map(|row| row.shown().clone());
    Ok(DescribeNetworkInterfacesResult { network_interfaces, next_token: page.next_token })
}
