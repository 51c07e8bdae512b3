//! Regions, zones and account attributes over gRPC.

use crate::support::{Sandbox, ask_as, code, network};
use archipelago_proto::ec2::v1::regions_service_client::RegionsServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    CreateSubnetRequest, CreateVolumeRequest, DescribeAccountAttributesRequest, DescribeAvailabilityZonesRequest,
    DescribeRegionsRequest, Filter, ModifyAvailabilityZoneGroupRequest,
};

fn filter(name: &str, value: &str) -> Filter {
    Filter { name: Some(name.into()), values: vec![value.into()] }
}

#[tokio::test]
async fn regions_that_need_opting_in_are_shown_on_request() {
    let sandbox = Sandbox::new().await;
    let mut client = RegionsServiceClient::new(sandbox.channel.clone());
    let enabled = client.describe_regions(sandbox.ask(DescribeRegionsRequest::default())).await.unwrap().into_inner();
    let request = DescribeRegionsRequest { all_regions: Some(true), ..Default::default() };
    let all = client.describe_regions(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(enabled.regions.len(), 17);
    assert!(all.regions.len() > 30 && !all.regions.iter().any(|region| region.region_name().starts_with("cn-")));
    let request = DescribeRegionsRequest { region_names: vec!["af-south-1".into()], ..Default::default() };
    let named = client.describe_regions(sandbox.ask(request)).await.unwrap().into_inner().regions;
    assert_eq!(named[0].opt_in_status(), "not-opted-in");
    let request = DescribeRegionsRequest { region_names: vec!["us-east-9".into()], ..Default::default() };
    assert_eq!(code(client.describe_regions(sandbox.ask(request)).await), "InvalidParameterValue");
}

#[tokio::test]
async fn zones_have_their_ids_groups_and_parents() {
    let sandbox = Sandbox::new().await;
    let mut client = RegionsServiceClient::new(sandbox.channel.clone());
    let zones = client.describe_availability_zones(sandbox.ask(DescribeAvailabilityZonesRequest::default())).await;
    let zones = zones.unwrap().into_inner().availability_zones;
    assert_eq!(zones.len(), 6);
    assert!(zones.iter().all(|zone| zone.state() == "available" && zone.group_name() == "us-east-1-zg-1"));
    let request = DescribeAvailabilityZonesRequest {
        all_availability_zones: Some(true),
        filters: vec![filter("parent-zone-id", "use1-az4"), filter("zone-type", "local-zone")],
        ..Default::default()
    };
    let local = client.describe_availability_zones(sandbox.ask(request)).await.unwrap().into_inner();
    assert!(local.availability_zones.iter().any(|zone| zone.zone_name() == "us-east-1-bos-1a"));
    let request = DescribeAvailabilityZonesRequest { zone_names: vec!["us-west-2a".into()], ..Default::default() };
    assert_eq!(code(client.describe_availability_zones(sandbox.ask(request)).await), "InvalidParameterValue");
}

/// AWS: "Enable Local Zones".
#[tokio::test]
async fn a_local_zone_is_used_once_its_group_is_opted_in_to() {
    let sandbox = Sandbox::new().await;
    let mut client = RegionsServiceClient::new(sandbox.channel.clone());
    let vpc = network::vpc(&sandbox, "10.0.0.0/16").await;
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    let subnet = CreateSubnetRequest {
        vpc_id: vpc.vpc_id.clone(),
        cidr_block: Some("10.0.0.0/24".into()),
        availability_zone: Some("us-east-1-bos-1a".into()),
        ..Default::default()
    };
    assert_eq!(code(subnets.create_subnet(sandbox.ask(subnet.clone())).await), "InvalidParameterValue");
    let volume =
        CreateVolumeRequest { availability_zone: Some("us-east-1-bos-1a".into()), size: Some(1), ..Default::default() };
    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    assert_eq!(code(volumes.create_volume(sandbox.ask(volume.clone())).await), "OptInRequired");

    let modify = |group: &str, status: &str| ModifyAvailabilityZoneGroupRequest {
        group_name: Some(group.into()),
        opt_in_status: Some(status.into()),
        ..Default::default()
    };
    let unknown = client.modify_availability_zone_group(sandbox.ask(modify("us-east-1-zg-1", "opted-in"))).await;
    assert_eq!(code(unknown), "InvalidParameterValue");
    let answer = client.modify_availability_zone_group(sandbox.ask(modify("us-east-1-bos-1", "opted-in"))).await;
    assert_eq!(answer.unwrap().into_inner().r#return, Some(true));
    let out = client.modify_availability_zone_group(sandbox.ask(modify("us-east-1-bos-1", "not-opted-in"))).await;
    assert_eq!(code(out), "UnsupportedOperation");

    let zones = client.describe_availability_zones(sandbox.ask(DescribeAvailabilityZonesRequest::default())).await;
    let zones = zones.unwrap().into_inner().availability_zones;
    let boston = zones.iter().find(|zone| zone.zone_name() == "us-east-1-bos-1a").unwrap();
    assert_eq!(boston.opt_in_status(), "opted-in");
    subnets.create_subnet(sandbox.ask(subnet)).await.unwrap();
    volumes.create_volume(sandbox.ask(volume.clone())).await.unwrap();
    // Others have not.
    assert_eq!(code(volumes.create_volume(ask_as("111111111111", volume)).await), "OptInRequired");
}

#[tokio::test]
async fn account_attributes_are_told_by_name() {
    let sandbox = Sandbox::new().await;
    let mut client = RegionsServiceClient::new(sandbox.channel.clone());
    let attribute_names = vec!["supported-platforms".into(), "default-vpc".into()];
    let request = DescribeAccountAttributesRequest { attribute_names, ..Default::default() };
    let found = client.describe_account_attributes(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(found.account_attributes[0].attribute_values[0].attribute_value(), "VPC");
    assert!(found.account_attributes[1].attribute_values[0].attribute_value().starts_with("vpc-"));
}
