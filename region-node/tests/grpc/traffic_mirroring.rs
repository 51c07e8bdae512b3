//! Traffic mirroring over gRPC.

use crate::support::network::{filter, some, subnet, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::traffic_mirroring_service_client::TrafficMirroringServiceClient;
use archipelago_proto::ec2::v1::{
    CreateNetworkInterfaceRequest, CreateTrafficMirrorFilterRequest, CreateTrafficMirrorFilterRuleRequest,
    CreateTrafficMirrorSessionRequest, CreateTrafficMirrorTargetRequest, DeleteTrafficMirrorFilterRequest,
    DeleteTrafficMirrorFilterRuleRequest, DeleteTrafficMirrorSessionRequest, DeleteTrafficMirrorTargetRequest,
    DescribeTrafficMirrorFilterRulesRequest, DescribeTrafficMirrorFiltersRequest, DescribeTrafficMirrorSessionsRequest,
    ModifyTrafficMirrorFilterNetworkServicesRequest, ModifyTrafficMirrorFilterRuleRequest,
    ModifyTrafficMirrorSessionRequest, Subnet, TrafficMirrorPortRangeRequest,
};
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> TrafficMirroringServiceClient<Channel> {
    TrafficMirroringServiceClient::new(sandbox.channel.clone())
}

async fn interface(sandbox: &Sandbox, subnet: &Subnet) -> Option<String> {
    let mut interfaces = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    let input = CreateNetworkInterfaceRequest { subnet_id: subnet.subnet_id.clone(), ..Default::default() };
    let made = interfaces.create_network_interface(sandbox.ask(input)).await.unwrap().into_inner();
    made.network_interface.unwrap().network_interface_id
}

async fn new_filter(sandbox: &Sandbox) -> String {
    let input = CreateTrafficMirrorFilterRequest { description: some("all"), ..Default::default() };
    let made = client(sandbox).create_traffic_mirror_filter(sandbox.ask(input)).await.unwrap().into_inner();
    made.traffic_mirror_filter.unwrap().traffic_mirror_filter_id.unwrap()
}

fn rule(filter: &str) -> CreateTrafficMirrorFilterRuleRequest {
    CreateTrafficMirrorFilterRuleRequest {
        traffic_mirror_filter_id: some(filter),
        traffic_direction: some("ingress"),
        rule_number: Some(1),
        rule_action: some("accept"),
        protocol: Some(6),
        destination_port_range: Some(TrafficMirrorPortRangeRequest { from_port: Some(80), to_port: Some(80) }),
        destination_cidr_block: some("10.0.0.0/16"),
        source_cidr_block: some("0.0.0.0/0"),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_filter_has_rules_with_numbers_of_their_own() {
    let sandbox = Sandbox::new().await;
    let id = new_filter(&sandbox).await;
    let made = client(&sandbox).create_traffic_mirror_filter_rule(sandbox.ask(rule(&id))).await.unwrap().into_inner();
    let rule_id = made.traffic_mirror_filter_rule.unwrap().traffic_mirror_filter_rule_id;
    for (input, expected) in [
        (rule(&id), "TrafficMirrorFilterRuleAlreadyExists"),
        (CreateTrafficMirrorFilterRuleRequest { rule_number: Some(0), ..rule(&id) }, "InvalidParameterValue"),
        (CreateTrafficMirrorFilterRuleRequest { protocol: None, ..rule(&id) }, "InvalidParameterCombination"),
        (CreateTrafficMirrorFilterRuleRequest { source_cidr_block: some("x"), ..rule(&id) }, "InvalidParameterValue"),
        (rule("tmf-1a2b3c4d"), "InvalidTrafficMirrorFilterId.NotFound"),
    ] {
        let refused = client(&sandbox).create_traffic_mirror_filter_rule(sandbox.ask(input)).await;
        assert_eq!(code(refused), expected);
    }
    let modify = ModifyTrafficMirrorFilterRuleRequest {
        traffic_mirror_filter_rule_id: rule_id.clone(),
        rule_action: some("reject"),
        remove_fields: vec!["destination-port-range".into()],
        ..Default::default()
    };
    client(&sandbox).modify_traffic_mirror_filter_rule(sandbox.ask(modify)).await.unwrap();
    let services = ModifyTrafficMirrorFilterNetworkServicesRequest {
        traffic_mirror_filter_id: some(&id),
        add_network_services: vec!["amazon-dns".into()],
        ..Default::default()
    };
    client(&sandbox).modify_traffic_mirror_filter_network_services(sandbox.ask(services)).await.unwrap();
    let describe = DescribeTrafficMirrorFiltersRequest { filters: filter("description", "all"), ..Default::default() };
    let found = client(&sandbox).describe_traffic_mirror_filters(sandbox.ask(describe)).await.unwrap().into_inner();
    let found = &found.traffic_mirror_filters[0];
    assert_eq!(found.network_services, ["amazon-dns"]);
    let shown = &found.ingress_filter_rules[0];
    assert_eq!((shown.rule_action(), &shown.destination_port_range), ("reject", &None));
    let describe =
        DescribeTrafficMirrorFilterRulesRequest { filters: filter("rule-action", "reject"), ..Default::default() };
    let rules = client(&sandbox).describe_traffic_mirror_filter_rules(sandbox.ask(describe)).await.unwrap();
    assert_eq!(rules.into_inner().traffic_mirror_filter_rules, std::slice::from_ref(shown));
    let away = DeleteTrafficMirrorFilterRuleRequest { traffic_mirror_filter_rule_id: rule_id, ..Default::default() };
    client(&sandbox).delete_traffic_mirror_filter_rule(sandbox.ask(away.clone())).await.unwrap();
    let again = client(&sandbox).delete_traffic_mirror_filter_rule(sandbox.ask(away)).await;
    assert_eq!(code(again), "InvalidTrafficMirrorFilterRuleId.NotFound");
}

#[tokio::test]
async fn a_session_keeps_its_filter_and_its_target() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let (source, sink) = (interface(&sandbox, &subnet).await, interface(&sandbox, &subnet).await);
    let input = CreateTrafficMirrorTargetRequest { network_interface_id: sink, ..Default::default() };
    let target = client(&sandbox).create_traffic_mirror_target(sandbox.ask(input)).await.unwrap().into_inner();
    let target = target.traffic_mirror_target.unwrap();
    assert_eq!(target.r#type(), "network-interface");
    let none = CreateTrafficMirrorTargetRequest::default();
    let none = client(&sandbox).create_traffic_mirror_target(sandbox.ask(none)).await;
    assert_eq!(code(none), "MissingParameter");
    let filter_id = new_filter(&sandbox).await;
    let input = CreateTrafficMirrorSessionRequest {
        network_interface_id: source,
        traffic_mirror_target_id: target.traffic_mirror_target_id.clone(),
        traffic_mirror_filter_id: some(&filter_id),
        session_number: Some(1),
        packet_length: Some(100),
        ..Default::default()
    };
    let made = client(&sandbox).create_traffic_mirror_session(sandbox.ask(input.clone())).await.unwrap().into_inner();
    let made = made.traffic_mirror_session.unwrap();
    assert!(made.virtual_network_id.is_some());
    let twice = client(&sandbox).create_traffic_mirror_session(sandbox.ask(input)).await;
    assert_eq!(code(twice), "TrafficMirrorSessionNumberAlreadyExists");
    let modify = ModifyTrafficMirrorSessionRequest {
        traffic_mirror_session_id: made.traffic_mirror_session_id.clone(),
        session_number: Some(2),
        remove_fields: vec!["packet-length".into()],
        ..Default::default()
    };
    client(&sandbox).modify_traffic_mirror_session(sandbox.ask(modify)).await.unwrap();
    let describe =
        DescribeTrafficMirrorSessionsRequest { filters: filter("session-number", "2"), ..Default::default() };
    let found = client(&sandbox).describe_traffic_mirror_sessions(sandbox.ask(describe)).await.unwrap().into_inner();
    assert_eq!(found.traffic_mirror_sessions[0].packet_length, None);

    let filter = DeleteTrafficMirrorFilterRequest { traffic_mirror_filter_id: Some(filter_id), ..Default::default() };
    let refused = client(&sandbox).delete_traffic_mirror_filter(sandbox.ask(filter.clone())).await;
    assert_eq!(code(refused), "TrafficMirrorFilterInUse");
    let sink = DeleteTrafficMirrorTargetRequest {
        traffic_mirror_target_id: target.traffic_mirror_target_id,
        ..Default::default()
    };
    let refused = client(&sandbox).delete_traffic_mirror_target(sandbox.ask(sink.clone())).await;
    assert_eq!(code(refused), "TrafficMirrorTargetInUse");
    let away = DeleteTrafficMirrorSessionRequest {
        traffic_mirror_session_id: made.traffic_mirror_session_id,
        ..Default::default()
    };
    client(&sandbox).delete_traffic_mirror_session(sandbox.ask(away)).await.unwrap();
    client(&sandbox).delete_traffic_mirror_filter(sandbox.ask(filter)).await.unwrap();
    client(&sandbox).delete_traffic_mirror_target(sandbox.ask(sink)).await.unwrap();
}
