//! The actions on EC2 Instance Connect Endpoints.

use archipelago_proto::ec2::v1::{
    CreateInstanceConnectEndpointRequest, CreateInstanceConnectEndpointResult, DeleteInstanceConnectEndpointRequest,
    DeleteInstanceConnectEndpointResult, DescribeInstanceConnectEndpointsRequest,
    DescribeInstanceConnectEndpointsResult, Ec2InstanceConnectEndpoint, InstanceConnectEndpointDnsNames,
    InstanceConnectEndpointPublicDnsNames, ModifyInstanceConnectEndpointRequest, ModifyInstanceConnectEndpointResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::{ConnectEndpointCommand, ConnectEndpointState};
use crate::entity::{Entity as _, Id, Published, Undo, workflow};
use crate::families::network_interfaces::launch::{self, NewInterface};
use crate::families::network_interfaces::{Attribute, NetworkInterfaceCommand, service};
use crate::families::subnets::SubnetState;
use crate::request::{Action, Column, Context, Describe, FilterTable, tags_for};
use crate::time::Transition;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_instance_connect_endpoint),
        Action::new(delete_instance_connect_endpoint),
        Action::new(describe_instance_connect_endpoints),
        Action::new(modify_instance_connect_endpoint),
    ]
}

/// AWS: DescribeInstanceConnectEndpoints.
const FILTERS: FilterTable<ConnectEndpointState> = &[
    ("instance-connect-endpoint-id", Column::Id),
    ("state", Column::Of(|endpoint, probe| probe.text(endpoint.state.public.state()))),
    ("subnet-id", Column::Link(|endpoint, probe| probe.text(endpoint.state.public.subnet_id()))),
    ("vpc-id", Column::Link(|endpoint, probe| probe.text(endpoint.state.public.vpc_id()))),
];

pub(super) fn preserves_ipv4_only() -> Ec2Error {
    Ec2Error::invalid_parameter("PreserveClientIp is supported for the IP address type ipv4 only.")
}

fn ip_address_type(given: Option<&str>, preserves: bool, subnet: &SubnetState) -> Ec2Result<String> {
    let of_subnet = match (subnet.ipv4_block(), subnet.ipv6_block()) {
        (Some(_), Some(_)) if !preserves => "dualstack",
        (None, _) => "ipv6",
        _ => "ipv4",
    };
    let kind = given.unwrap_or(of_subnet);
    if preserves && kind != "ipv4" {
        return Err(preserves_ipv4_only());
    }
    let fits = match kind {
        "ipv4" => subnet.ipv4_block().is_some(),
        "ipv6" => subnet.ipv6_block().is_some(),
        _ => subnet.ipv4_block().is_some() && subnet.ipv6_block().is_some(),
    };
    if fits {
        return Ok(kind.to_owned());
    }
    Err(Ec2Error::invalid_parameter(format!("The subnet has no addresses for the IP address type {kind}.")))
}

async fn create_instance_connect_endpoint(
    cx: Context,
    input: CreateInstanceConnectEndpointRequest,
) -> Ec2Result<CreateInstanceConnectEndpointResult> {
    let kind = &ConnectEndpointState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let subnet = cx.subnets.find(&cx.account, input.subnet_id())?;
    let kind_of_addresses =
        ip_address_type(input.ip_address_type.as_deref(), input.preserve_client_ip(), &subnet.state)?;
    let vpc = subnet.state.public.vpc_id().to_owned();
    let groups = launch::groups(&cx, &input.security_group_ids, &vpc, &subnet.id)?;
    let groups: Vec<_> = groups.iter().map(|group| group.group_id().to_owned()).collect();
    let id = cx.instance_connect_endpoints.fresh_id();
    let region = cx.facts.name;
    let name = |fips: &str| format!("{id}.{}.{fips}ec2-instance-connect-endpoint.{region}.amazonaws.com", &id[5..13]);
    let names = || InstanceConnectEndpointDnsNames {
        dns_name: Some(name("")),
        fips_dns_name: region.starts_with("us-").then(|| name("fips.")),
    };
    let public = Ec2InstanceConnectEndpoint {
        owner_id: Some(cx.account.to_string()),
        instance_connect_endpoint_id: Some(id.to_string()),
        instance_connect_endpoint_arn: Some(cx.arn(kind.resource_type, &id)),
        state: Some("create-in-progress".into()),
        state_message: Some(String::new()),
        dns_name: Some(name("")),
        fips_dns_name: region.starts_with("us-").then(|| name("fips.")),
        vpc_id: Some(vpc),
        availability_zone: subnet.state.public.availability_zone.clone(),
        created_at: Some(cx.shell.clock.now()),
        subnet_id: Some(subnet.id.to_string()),
        preserve_client_ip: Some(input.preserve_client_ip()),
        security_group_ids: groups.clone(),
        tags,
        ip_address_type: Some(kind_of_addresses.clone()),
        public_dns_names: Some(InstanceConnectEndpointPublicDnsNames {
            ipv4: (kind_of_addresses != "ipv6").then(names),
            dualstack: (kind_of_addresses != "ipv4").then(names),
        }),
        availability_zone_id: subnet.state.public.availability_zone_id.clone(),
        ..Ec2InstanceConnectEndpoint::default()
    };
    let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::VpcEndpointCreate);
    let mut undo = Undo::default();
    let outcome = async {
        let new = NewInterface {
            groups,
            description: Some(format!("EC2 Instance Connect Endpoint - {id}")),
            ipv6_address_count: Some(i32::from(kind_of_addresses != "ipv4")),
            interface_type: Some("ec2_instance_connect_endpoint".into()),
            ..NewInterface::in_subnet(subnet)
        };
        let (interface_id, interface) = service::prepare(&cx, &mut undo, &new, &id).await?;
        let mut shown = public.clone();
        shown.network_interface_ids = vec![interface_id.to_string()];
        let mut batch = cx.batch();
        batch.create(&cx.network_interfaces, &interface_id, interface)?;
        batch.create(&cx.instance_connect_endpoints, &id, ConnectEndpointState::new(public, settles))?;
        let response = CreateInstanceConnectEndpointResult {
            instance_connect_endpoint: Some(shown),
            client_token: input.client_token,
        };
        cx.commit(batch, response).await
    }
    .await;
    workflow(undo, outcome).await
}

fn view(cx: &Context, endpoint: &Published<ConnectEndpointState>) -> Ec2InstanceConnectEndpoint {
    let interfaces = cx.network_interfaces.linked_to(&endpoint.id);
    let network_interface_ids = interfaces.values().map(|interface| interface.id.to_string()).collect();
    Ec2InstanceConnectEndpoint { network_interface_ids, ..endpoint.state.public.clone() }
}

async fn delete_instance_connect_endpoint(
    cx: Context,
    input: DeleteInstanceConnectEndpointRequest,
) -> Ec2Result<DeleteInstanceConnectEndpointResult> {
    let endpoint = cx.instance_connect_endpoints.find(&cx.account, input.instance_connect_endpoint_id())?;
    let shown = view(&cx, &endpoint);
    let gone = cx.instance_connect_endpoints.ask(&endpoint.id, ConnectEndpointCommand::Delete).await?.published;
    let shown = Ec2InstanceConnectEndpoint { state: gone.state.public.state.clone(), ..shown };
    Ok(DeleteInstanceConnectEndpointResult { instance_connect_endpoint: Some(shown) })
}

async fn describe_instance_connect_endpoints(
    cx: Context,
    input: DescribeInstanceConnectEndpointsRequest,
) -> Ec2Result<DescribeInstanceConnectEndpointsResult> {
    let describe = Describe {
        ids: &input.instance_connect_endpoint_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=50,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.instance_connect_endpoints, FILTERS)?;
    let instance_connect_endpoints = page.map(|endpoint| view(&cx, endpoint));
    Ok(DescribeInstanceConnectEndpointsResult { instance_connect_endpoints, next_token: page.next_token })
}

async fn modify_instance_connect_endpoint(
    cx: Context,
    input: ModifyInstanceConnectEndpointRequest,
) -> Ec2Result<ModifyInstanceConnectEndpointResult> {
    let endpoint = cx.instance_connect_endpoints.find(&cx.account, input.instance_connect_endpoint_id())?;
    let public = &endpoint.state.public;
    let subnet = cx.subnets.find(&cx.account, public.subnet_id())?;
    if input.ip_address_type.is_some() {
        let preserves = input.preserve_client_ip.unwrap_or(public.preserve_client_ip());
        ip_address_type(input.ip_address_type.as_deref(), preserves, &subnet.state)?;
    }
    let mut undo = Undo::default();
    let outcome = async {
        let mut groups = Vec::new();
        if !input.security_group_ids.is_empty() {
            groups = launch::groups(&cx, &input.security_group_ids, public.vpc_id(), &subnet.id)?;
        }
        for group in &groups {
            cx.hold(&mut undo, &cx.instance_connect_endpoints, &endpoint.id, &Id::new(group.group_id())).await?;
        }
        let modify = ConnectEndpointCommand::Modify {
            preserve_client_ip: input.preserve_client_ip,
            ip_address_type: input.ip_address_type.clone(),
            groups: groups.iter().map(|group| group.group_id().to_owned()).collect(),
        };
        cx.instance_connect_endpoints.ask(&endpoint.id, modify).await?;
        Ok(groups)
    }
    .await;
    let groups = workflow(undo, outcome).await?;
    if !groups.is_empty() {
        for interface in cx.network_interfaces.linked_to(&endpoint.id).values() {
            let set = NetworkInterfaceCommand::Set(Attribute::Groups(groups.clone()));
            cx.network_interfaces.ask(&interface.id, set).await?;
        }
    }
    Ok(ModifyInstanceConnectEndpointResult { r#return: Some(true) })
}
