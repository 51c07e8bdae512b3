//! Prefix lists over gRPC.

use crate::support::network::{filter, some, vpc};
use crate::support::{Sandbox, ask_as, code};
use archipelago_proto::ec2::v1::prefix_lists_service_client::PrefixListsServiceClient;
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::security_groups_service_client::SecurityGroupsServiceClient;
use archipelago_proto::ec2::v1::{
    AddPrefixListEntry, AuthorizeSecurityGroupIngressRequest, CreateManagedPrefixListRequest, CreateRouteRequest,
    CreateSecurityGroupRequest, DeleteManagedPrefixListRequest, DeleteRouteRequest, DeleteSecurityGroupRequest,
    DescribeManagedPrefixListsRequest, DescribePrefixListsRequest, DescribeRouteTablesRequest,
    GetManagedPrefixListAssociationsRequest, GetManagedPrefixListEntriesRequest, IpPermission, ManagedPrefixList,
    ModifyManagedPrefixListRequest, PrefixListId, RemovePrefixListEntry, RestoreManagedPrefixListVersionRequest,
};
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> PrefixListsServiceClient<Channel> {
    PrefixListsServiceClient::new(sandbox.channel.clone())
}

fn entry(cidr: &str) -> AddPrefixListEntry {
    AddPrefixListEntry { cidr: some(cidr), description: None }
}

fn new(most: i32) -> CreateManagedPrefixListRequest {
    CreateManagedPrefixListRequest {
        prefix_list_name: some("offices"),
        address_family: some("IPv4"),
        max_entries: Some(most),
        entries: vec![entry("192.0.2.0/24"), entry("198.51.100.7/24")],
        ..Default::default()
    }
}

async fn create(sandbox: &Sandbox, most: i32) -> ManagedPrefixList {
    client(sandbox).create_managed_prefix_list(sandbox.ask(new(most))).await.unwrap().into_inner().prefix_list.unwrap()
}

async fn shown(sandbox: &Sandbox, name: &str, value: &str) -> Vec<ManagedPrefixList> {
    let input = DescribeManagedPrefixListsRequest { filters: filter(name, value), ..Default::default() };
    client(sandbox).describe_managed_prefix_lists(sandbox.ask(input)).await.unwrap().into_inner().prefix_lists
}

async fn entries(sandbox: &Sandbox, list: &ManagedPrefixList, version: Option<i64>) -> Vec<String> {
    let input = GetManagedPrefixListEntriesRequest {
        prefix_list_id: list.prefix_list_id.clone(),
        target_version: version,
        ..Default::default()
    };
    let found = client(sandbox).get_managed_prefix_list_entries(sandbox.ask(input)).await.unwrap().into_inner();
    found.entries.into_iter().filter_map(|entry| entry.cidr).collect()
}

#[tokio::test]
async fn every_change_of_entries_is_a_version_that_can_be_restored() {
    let sandbox = Sandbox::new().await;
    let list = create(&sandbox, 5).await;
    assert_eq!((list.state(), list.version(), list.max_entries()), ("create-in-progress", 1, 5));
    assert_eq!(entries(&sandbox, &list, None).await, ["192.0.2.0/24", "198.51.100.0/24"]);
    let change = ModifyManagedPrefixListRequest {
        prefix_list_id: list.prefix_list_id.clone(),
        current_version: Some(1),
        add_entries: vec![entry("203.0.113.0/24")],
        remove_entries: vec![RemovePrefixListEntry { cidr: some("192.0.2.0/24") }],
        ..Default::default()
    };
    let changed = client(&sandbox).modify_managed_prefix_list(sandbox.ask(change.clone())).await.unwrap().into_inner();
    assert_eq!(changed.prefix_list.unwrap().state(), "modify-in-progress");
    assert_eq!(entries(&sandbox, &list, None).await, ["198.51.100.0/24", "203.0.113.0/24"]);
    let again = client(&sandbox).modify_managed_prefix_list(sandbox.ask(change)).await;
    assert_eq!(code(again), "PrefixListVersionMismatch");

    let restore = RestoreManagedPrefixListVersionRequest {
        prefix_list_id: list.prefix_list_id.clone(),
        previous_version: Some(1),
        current_version: Some(2),
        ..Default::default()
    };
    client(&sandbox).restore_managed_prefix_list_version(sandbox.ask(restore)).await.unwrap();
    let found = shown(&sandbox, "prefix-list-name", "offices").await;
    assert_eq!((found[0].state(), found[0].version()), ("restore-complete", 3));
    assert_eq!(entries(&sandbox, &list, None).await, entries(&sandbox, &list, Some(1)).await);
    let delete = DeleteManagedPrefixListRequest { prefix_list_id: list.prefix_list_id.clone(), ..Default::default() };
    client(&sandbox).delete_managed_prefix_list(sandbox.ask(delete.clone())).await.unwrap();
    let gone = client(&sandbox).delete_managed_prefix_list(sandbox.ask(delete)).await;
    assert_eq!(code(gone), "InvalidPrefixListID.NotFound");
}

#[tokio::test]
async fn sizes_and_families_are_checked() {
    let sandbox = Sandbox::new().await;
    for (input, expected) in [
        (new(1), "PrefixListMaxEntriesExceeded"),
        (new(0), "InvalidParameterValue"),
        (CreateManagedPrefixListRequest { address_family: some("IPv6"), ..new(5) }, "InvalidParameterValue"),
        (
            CreateManagedPrefixListRequest { prefix_list_name: some("com.amazonaws.mine"), ..new(5) },
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(code(client(&sandbox).create_managed_prefix_list(sandbox.ask(input)).await), expected);
    }
    let list = create(&sandbox, 2).await;
    let base = ModifyManagedPrefixListRequest { prefix_list_id: list.prefix_list_id.clone(), ..Default::default() };
    let add = ModifyManagedPrefixListRequest { add_entries: vec![entry("203.0.113.0/24")], ..base.clone() };
    for (input, expected) in [
        (base.clone(), "InvalidParameterCombination"),
        (add.clone(), "MissingParameter"),
        (
            ModifyManagedPrefixListRequest { current_version: Some(1), max_entries: Some(9), ..add.clone() },
            "InvalidParameterCombination",
        ),
        (ModifyManagedPrefixListRequest { current_version: Some(1), ..add }, "PrefixListMaxEntriesExceeded"),
        (ModifyManagedPrefixListRequest { max_entries: Some(1), ..base.clone() }, "InvalidParameterValue"),
    ] {
        assert_eq!(code(client(&sandbox).modify_managed_prefix_list(sandbox.ask(input)).await), expected);
    }
    let larger = ModifyManagedPrefixListRequest { max_entries: Some(9), prefix_list_name: some("all"), ..base };
    let larger = client(&sandbox).modify_managed_prefix_list(sandbox.ask(larger)).await.unwrap().into_inner();
    let larger = larger.prefix_list.unwrap();
    assert_eq!((larger.max_entries(), larger.version(), larger.prefix_list_name()), (9, 1, "all"));
}

#[tokio::test]
async fn aws_keeps_lists_that_everyone_sees_and_nobody_changes() {
    let sandbox = Sandbox::new().await;
    let found = shown(&sandbox, "prefix-list-name", "com.amazonaws.us-east-1.s3").await;
    assert_eq!((found[0].prefix_list_id(), found[0].owner_id()), ("pl-63a5400a", "AWS"));
    let input = DescribePrefixListsRequest::default();
    let services = client(&sandbox).describe_prefix_lists(sandbox.ask(input)).await.unwrap().into_inner();
    assert!(services.prefix_lists.iter().any(|list| list.prefix_list_name() == "com.amazonaws.us-east-1.dynamodb"));
    assert!(services.prefix_lists.iter().all(|list| !list.cidrs.is_empty()));
    let delete = DeleteManagedPrefixListRequest { prefix_list_id: some("pl-63a5400a"), ..Default::default() };
    let refused = client(&sandbox).delete_managed_prefix_list(sandbox.ask(delete)).await;
    assert_eq!(code(refused), "UnauthorizedOperation");
    let list = create(&sandbox, 5).await;
    let input = GetManagedPrefixListEntriesRequest { prefix_list_id: list.prefix_list_id, ..Default::default() };
    let foreign = client(&sandbox).get_managed_prefix_list_entries(ask_as("111111111111", input)).await;
    assert_eq!(code(foreign), "InvalidPrefixListID.NotFound");
}

#[tokio::test]
async fn rules_and_routes_refer_to_lists_and_keep_them() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (list, heavy) = (create(&sandbox, 5).await, create(&sandbox, 61).await);
    let mut groups = SecurityGroupsServiceClient::new(sandbox.channel.clone());
    let group = CreateSecurityGroupRequest {
        group_name: some("web"),
        description: some("web"),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    let group_id = groups.create_security_group(sandbox.ask(group)).await.unwrap().into_inner().group_id;
    let authorize = |list: Option<String>| {
        let reference = PrefixListId { prefix_list_id: list, description: None };
        let permission = IpPermission {
            ip_protocol: some("tcp"),
            from_port: Some(443),
            to_port: Some(443),
            prefix_list_ids: vec![reference],
            ..Default::default()
        };
        AuthorizeSecurityGroupIngressRequest {
            group_id: group_id.clone(),
            ip_permissions: vec![permission],
            ..Default::default()
        }
    };
    groups.authorize_security_group_ingress(sandbox.ask(authorize(list.prefix_list_id.clone()))).await.unwrap();
    let unknown = groups.authorize_security_group_ingress(sandbox.ask(authorize(some("pl-1a2b3c4d")))).await;
    assert_eq!(code(unknown), "InvalidPrefixListID.NotFound");
    let too_heavy = groups.authorize_security_group_ingress(sandbox.ask(authorize(heavy.prefix_list_id))).await;
    assert_eq!(code(too_heavy), "RulesPerSecurityGroupLimitExceeded");

    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let main = DescribeRouteTablesRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    let found = tables.describe_route_tables(sandbox.ask(main.clone())).await.unwrap().into_inner().route_tables;
    let route_table_id = found[0].route_table_id.clone();
    let gateway = crate::support::network::gateway(&sandbox, &vpc).await;
    let route = CreateRouteRequest {
        route_table_id: route_table_id.clone(),
        destination_prefix_list_id: list.prefix_list_id.clone(),
        gateway_id: gateway,
        ..Default::default()
    };
    tables.create_route(sandbox.ask(route.clone())).await.unwrap();
    assert_eq!(code(tables.create_route(sandbox.ask(route)).await), "RouteAlreadyExists");
    let found = tables.describe_route_tables(sandbox.ask(main)).await.unwrap().into_inner().route_tables;
    assert!(found[0].routes.iter().any(|route| route.destination_prefix_list_id == list.prefix_list_id));

    let input =
        GetManagedPrefixListAssociationsRequest { prefix_list_id: list.prefix_list_id.clone(), ..Default::default() };
    let users = client(&sandbox).get_managed_prefix_list_associations(sandbox.ask(input)).await.unwrap().into_inner();
    let ids: Vec<_> = users.prefix_list_associations.iter().map(|user| user.resource_id.clone()).collect();
    assert_eq!(ids, [route_table_id.clone(), group_id.clone()]);
    let delete = DeleteManagedPrefixListRequest { prefix_list_id: list.prefix_list_id.clone(), ..Default::default() };
    let refused = client(&sandbox).delete_managed_prefix_list(sandbox.ask(delete.clone())).await;
    assert_eq!(code(refused), "DependencyViolation");
    let away = DeleteRouteRequest {
        route_table_id,
        destination_prefix_list_id: list.prefix_list_id.clone(),
        ..Default::default()
    };
    tables.delete_route(sandbox.ask(away)).await.unwrap();
    let group = DeleteSecurityGroupRequest { group_id, ..Default::default() };
    groups.delete_security_group(sandbox.ask(group)).await.unwrap();
    client(&sandbox).delete_managed_prefix_list(sandbox.ask(delete)).await.unwrap();
}
