//! ClassicLink over gRPC.

use crate::support::launch::{request, run};
use crate::support::network::{filter, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::classic_link_service_client::ClassicLinkServiceClient;
use archipelago_proto::ec2::v1::{
    AttachClassicLinkVpcRequest, DescribeClassicLinkInstancesRequest, DescribeVpcClassicLinkDnsSupportRequest,
    DescribeVpcClassicLinkRequest, DisableVpcClassicLinkRequest, EnableVpcClassicLinkDnsSupportRequest,
    EnableVpcClassicLinkRequest,
};

#[tokio::test]
async fn a_vpc_is_enabled_where_its_routes_leave_room_for_classic_addresses() {
    let sandbox = Sandbox::new().await;
    let mut client = ClassicLinkServiceClient::new(sandbox.channel.clone());
    let (good, bad) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.2.0.0/16").await);
    let enable = |id: &Option<String>| EnableVpcClassicLinkRequest { vpc_id: id.clone(), ..Default::default() };
    assert_eq!(code(client.enable_vpc_classic_link(sandbox.ask(enable(&bad.vpc_id))).await), "VpcCidrConflict");
    client.enable_vpc_classic_link(sandbox.ask(enable(&good.vpc_id))).await.unwrap();
    let request =
        DescribeVpcClassicLinkRequest { filters: filter("is-classic-link-enabled", "true"), ..Default::default() };
    let told = client.describe_vpc_classic_link(sandbox.ask(request.clone())).await.unwrap().into_inner();
    assert_eq!((told.vpcs.len(), &told.vpcs[0].vpc_id), (1, &good.vpc_id));

    let dns = EnableVpcClassicLinkDnsSupportRequest { vpc_id: good.vpc_id.clone() };
    client.enable_vpc_classic_link_dns_support(sandbox.ask(dns)).await.unwrap();
    let request_dns = DescribeVpcClassicLinkDnsSupportRequest {
        vpc_ids: good.vpc_id.iter().cloned().collect(),
        ..Default::default()
    };
    let told = client.describe_vpc_classic_link_dns_support(sandbox.ask(request_dns)).await.unwrap().into_inner();
    assert!(told.vpcs[0].classic_link_dns_supported());

    let disable = DisableVpcClassicLinkRequest { vpc_id: good.vpc_id, ..Default::default() };
    client.disable_vpc_classic_link(sandbox.ask(disable)).await.unwrap();
    let told = client.describe_vpc_classic_link(sandbox.ask(request)).await.unwrap().into_inner();
    assert!(told.vpcs.is_empty());
}

#[tokio::test]
async fn an_instance_in_a_vpc_cannot_be_linked() {
    let sandbox = Sandbox::new().await;
    let mut client = ClassicLinkServiceClient::new(sandbox.channel.clone());
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let launched = run(&sandbox, request(&sandbox, "t3.micro", "us-east-1a", 1).await).await.remove(0);
    let attach = AttachClassicLinkVpcRequest {
        instance_id: launched.instance_id.clone(),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    let disabled = client.attach_classic_link_vpc(sandbox.ask(attach.clone())).await;
    assert_eq!(code(disabled), "InvalidParameterValue");
    let enable = EnableVpcClassicLinkRequest { vpc_id: vpc.vpc_id, ..Default::default() };
    client.enable_vpc_classic_link(sandbox.ask(enable)).await.unwrap();
    let refused = client.attach_classic_link_vpc(sandbox.ask(attach)).await;
    assert_eq!(code(refused), "InvalidInstanceID.NotLinkable");
    let describe = DescribeClassicLinkInstancesRequest::default();
    let none = client.describe_classic_link_instances(sandbox.ask(describe)).await.unwrap().into_inner();
    assert!(none.instances.is_empty());
}
