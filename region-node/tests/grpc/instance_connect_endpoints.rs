//! EC2 Instance Connect Endpoints over gRPC.

use crate::support::network::{filter, some, subnet, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::instance_connect_endpoints_service_client::InstanceConnectEndpointsServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::{
    CreateInstanceConnectEndpointRequest, DeleteInstanceConnectEndpointRequest,
    DescribeInstanceConnectEndpointsRequest, DescribeNetworkInterfacesRequest, ModifyInstanceConnectEndpointRequest,
};

#[tokio::test]
async fn an_endpoint_has_an_interface_that_goes_with_it() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let mut client = InstanceConnectEndpointsServiceClient::new(sandbox.channel.clone());
    let create = CreateInstanceConnectEndpointRequest { subnet_id: subnet.subnet_id.clone(), ..Default::default() };
    let ipv6 = CreateInstanceConnectEndpointRequest { ip_address_type: some("ipv6"), ..create.clone() };
    assert_eq!(code(client.create_instance_connect_endpoint(sandbox.ask(ipv6)).await), "InvalidParameterValue");
    let made = client.create_instance_connect_endpoint(sandbox.ask(create)).await.unwrap().into_inner();
    let made = made.instance_connect_endpoint.unwrap();
    assert_eq!((made.state(), made.ip_address_type()), ("create-in-progress", "ipv4"));
    let describe = DescribeInstanceConnectEndpointsRequest {
        filters: filter("subnet-id", subnet.subnet_id()),
        ..Default::default()
    };
    let found = client.describe_instance_connect_endpoints(sandbox.ask(describe.clone())).await.unwrap().into_inner();
    let found = &found.instance_connect_endpoints[0];
    assert_eq!((found.state(), &found.network_interface_ids), ("create-complete", &made.network_interface_ids));
    assert_eq!(found.security_group_ids.len(), 1);

    let modify = ModifyInstanceConnectEndpointRequest {
        instance_connect_endpoint_id: made.instance_connect_endpoint_id.clone(),
        preserve_client_ip: Some(true),
        ..Default::default()
    };
    client.modify_instance_connect_endpoint(sandbox.ask(modify)).await.unwrap();
    let found = client.describe_instance_connect_endpoints(sandbox.ask(describe.clone())).await.unwrap().into_inner();
    assert_eq!(found.instance_connect_endpoints[0].state(), "update-complete");
    assert!(found.instance_connect_endpoints[0].preserve_client_ip());

    let away = DeleteInstanceConnectEndpointRequest {
        instance_connect_endpoint_id: made.instance_connect_endpoint_id,
        ..Default::default()
    };
    let gone = client.delete_instance_connect_endpoint(sandbox.ask(away.clone())).await.unwrap().into_inner();
    assert_eq!(gone.instance_connect_endpoint.unwrap().state(), "delete-in-progress");
    let again = client.delete_instance_connect_endpoint(sandbox.ask(away)).await;
    assert_eq!(code(again), "InvalidInstanceConnectEndpointId.NotFound");
    let mut interfaces = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    let left =
        DescribeNetworkInterfacesRequest { filters: filter("subnet-id", subnet.subnet_id()), ..Default::default() };
    let left = interfaces.describe_network_interfaces(sandbox.ask(left)).await.unwrap().into_inner();
    assert!(left.network_interfaces.is_empty());
}
