//! Instance types over gRPC.

use std::collections::HashSet;

use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::instance_types_service_client::InstanceTypesServiceClient;
use archipelago_proto::ec2::v1::{
    DescribeInstanceTypeOfferingsRequest, DescribeInstanceTypesRequest, Filter,
    GetInstanceTypesFromInstanceRequirementsRequest, InstanceRequirementsRequest, MemoryMiBRequest,
    VCpuCountRangeRequest,
};

fn filter(name: &str, value: &str) -> Filter {
    Filter { name: Some(name.into()), values: vec![value.into()] }
}

#[tokio::test]
async fn a_type_is_described_in_full() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceTypesServiceClient::new(sandbox.channel.clone());
    let request = DescribeInstanceTypesRequest { instance_types: vec!["p4d.24xlarge".into()], ..Default::default() };
    let found = client.describe_instance_types(sandbox.ask(request)).await.unwrap().into_inner().instance_types;
    let [info] = found.as_slice() else { panic!("one type") };
    assert_eq!(info.memory_info.unwrap().size_in_mi_b(), 1_179_648);
    assert_eq!(info.gpu_info.as_ref().unwrap().total_gpu_memory_in_mi_b(), 8 * 40960);
    assert_eq!(info.instance_storage_info.as_ref().unwrap().total_size_in_gb(), 8000);
    let network = info.network_info.as_ref().unwrap();
    assert_eq!((network.network_performance(), network.maximum_network_interfaces()), ("4x 100 Gigabit", 60));
    assert_eq!(network.network_cards[3].network_performance(), "100 Gigabit");
}

#[tokio::test]
async fn a_type_that_the_region_does_not_offer_does_not_exist() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceTypesServiceClient::new(sandbox.channel.clone());
    let request = DescribeInstanceTypesRequest { instance_types: vec!["t3.gigantic".into()], ..Default::default() };
    assert_eq!(code(client.describe_instance_types(sandbox.ask(request)).await), "InvalidInstanceType");
}

#[tokio::test]
async fn filters_take_wildcards_and_numbers() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceTypesServiceClient::new(sandbox.channel.clone());
    let filters = vec![filter("instance-type", "t3.*"), filter("memory-info.size-in-mib", "1024")];
    let request = DescribeInstanceTypesRequest { filters, ..Default::default() };
    let found = client.describe_instance_types(sandbox.ask(request)).await.unwrap().into_inner().instance_types;
    assert_eq!(
        found.iter().map(archipelago_proto::ec2::v1::InstanceTypeInfo::instance_type).collect::<Vec<_>>(),
        ["t3.micro"]
    );
    let filters = vec![filter("colour", "red")];
    let request = DescribeInstanceTypesRequest { filters, ..Default::default() };
    assert_eq!(code(client.describe_instance_types(sandbox.ask(request)).await), "InvalidParameterValue");
}

#[tokio::test]
async fn pages_show_each_type_once() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceTypesServiceClient::new(sandbox.channel.clone());
    let (mut seen, mut next_token, mut pages) = (HashSet::new(), None, 0);
    loop {
        let request = DescribeInstanceTypesRequest { next_token, ..Default::default() };
        let page = client.describe_instance_types(sandbox.ask(request)).await.unwrap().into_inner();
        assert!(page.instance_types.len() <= 100);
        assert!(page.instance_types.iter().all(|info| seen.insert(info.instance_type().to_owned())));
        (next_token, pages) = (page.next_token, pages + 1);
        if next_token.is_none() {
            break;
        }
    }
    assert!(pages > 5 && seen.len() > 500);
}

#[tokio::test]
async fn offerings_by_zone_page_through_types_whose_names_begin_alike() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceTypesServiceClient::new(sandbox.channel.clone());
    let ask = |max_results, next_token| DescribeInstanceTypeOfferingsRequest {
        location_type: Some("availability-zone-id".into()),
        filters: vec![filter("instance-type", "m6i.*"), filter("instance-type", "*")],
        max_results,
        next_token,
        ..Default::default()
    };
    let all = client.describe_instance_type_offerings(sandbox.ask(ask(None, None))).await.unwrap().into_inner();
    assert!(all.instance_type_offerings.iter().all(|offer| offer.location().starts_with("use1-az")));
    let (mut paged, mut token) = (Vec::new(), None);
    loop {
        let page = client.describe_instance_type_offerings(sandbox.ask(ask(Some(5), token))).await.unwrap();
        let page = page.into_inner();
        paged.extend(page.instance_type_offerings);
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(paged, all.instance_type_offerings);
}

#[tokio::test]
async fn nothing_is_offered_on_outposts() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceTypesServiceClient::new(sandbox.channel.clone());
    let request = DescribeInstanceTypeOfferingsRequest { location_type: Some("outpost".into()), ..Default::default() };
    let found = client.describe_instance_type_offerings(sandbox.ask(request)).await.unwrap().into_inner();
    assert!(found.instance_type_offerings.is_empty());
}

fn preview(requirements: InstanceRequirementsRequest) -> GetInstanceTypesFromInstanceRequirementsRequest {
    GetInstanceTypesFromInstanceRequirementsRequest {
        architecture_types: vec!["arm64".into()],
        virtualization_types: vec!["hvm".into()],
        instance_requirements: Some(requirements),
        ..Default::default()
    }
}

fn two_vcpus() -> InstanceRequirementsRequest {
    InstanceRequirementsRequest {
        v_cpu_count: Some(VCpuCountRangeRequest { min: Some(2), max: Some(2) }),
        memory_mi_b: Some(MemoryMiBRequest { min: Some(4096), max: Some(8192) }),
        ..Default::default()
    }
}

#[tokio::test]
async fn requirements_are_previewed_in_pages() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceTypesServiceClient::new(sandbox.channel.clone());
    let all = client.get_instance_types_from_instance_requirements(sandbox.ask(preview(two_vcpus()))).await.unwrap();
    let all: Vec<_> = all.into_inner().instance_types.into_iter().map(|found| found.instance_type.unwrap()).collect();
    assert!(all.contains(&"m6g.large".to_owned()) && all.contains(&"c7g.large".to_owned()));
    assert!(!all.iter().any(|name| name.starts_with("t4g.") || name.starts_with("m5.")));
    let (mut paged, mut next_token) = (Vec::new(), None);
    loop {
        let request = preview(two_vcpus());
        let request = GetInstanceTypesFromInstanceRequirementsRequest { max_results: Some(5), next_token, ..request };
        let page = client.get_instance_types_from_instance_requirements(sandbox.ask(request)).await.unwrap();
        let page = page.into_inner();
        paged.extend(page.instance_types.into_iter().map(|found| found.instance_type.unwrap()));
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn a_preview_knows_no_prices_and_its_token_no_other_requirements() {
    let sandbox = Sandbox::new().await;
    let mut client = InstanceTypesServiceClient::new(sandbox.channel.clone());
    let priced =
        InstanceRequirementsRequest { on_demand_max_price_percentage_over_lowest_price: Some(10), ..two_vcpus() };
    let refused = client.get_instance_types_from_instance_requirements(sandbox.ask(preview(priced))).await;
    assert_eq!(code(refused), "UnsupportedOperation");
    let first = GetInstanceTypesFromInstanceRequirementsRequest { max_results: Some(1), ..preview(two_vcpus()) };
    let first = client.get_instance_types_from_instance_requirements(sandbox.ask(first)).await.unwrap().into_inner();
    let other = InstanceRequirementsRequest { bare_metal: Some("included".into()), ..two_vcpus() };
    let other = GetInstanceTypesFromInstanceRequirementsRequest { next_token: first.next_token, ..preview(other) };
    let refused = client.get_instance_types_from_instance_requirements(sandbox.ask(other)).await;
    assert_eq!(code(refused), "InvalidNextToken");
}
