//! Security groups over gRPC.

use crate::support::network::{subnet, vpc};
use crate::support::{Sandbox, code, copy_folder, folder};
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::security_groups_service_client::SecurityGroupsServiceClient;
use archipelago_proto::ec2::v1::tags_service_client::TagsServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AssociateSecurityGroupVpcRequest, AuthorizeSecurityGroupEgressRequest, AuthorizeSecurityGroupIngressRequest,
    CreateNetworkInterfaceRequest, CreateSecurityGroupRequest, CreateTagsRequest, CreateVpcRequest,
    DeleteNetworkInterfaceRequest, DeleteSecurityGroupRequest, DescribeSecurityGroupReferencesRequest,
    DescribeSecurityGroupRulesRequest, DescribeSecurityGroupVpcAssociationsRequest, DescribeSecurityGroupsRequest,
    DescribeStaleSecurityGroupsRequest, DescribeTagsRequest, DisassociateSecurityGroupVpcRequest, Filter,
    GetSecurityGroupsForVpcRequest, IpPermission, IpRange, Ipv6Range, ModifySecurityGroupRulesRequest,
    RevokeSecurityGroupEgressRequest, RevokeSecurityGroupIngressRequest, SecurityGroup, SecurityGroupRule,
    SecurityGroupRuleRequest, SecurityGroupRuleUpdate, Tag, TagSpecification,
    UpdateSecurityGroupRuleDescriptionsIngressRequest, UserIdGroupPair,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

fn client(sandbox: &Sandbox) -> SecurityGroupsServiceClient<Channel> {
    SecurityGroupsServiceClient::new(sandbox.channel.clone())
}

fn filter(name: &str, value: &str) -> Vec<Filter> {
    vec![Filter { name: Some(name.into()), values: vec![value.into()] }]
}

fn create(name: &str, vpc: Option<&str>) -> CreateSecurityGroupRequest {
    CreateSecurityGroupRequest {
        group_name: Some(name.into()),
        description: Some("for a test".into()),
        vpc_id: vpc.map(str::to_owned),
        ..CreateSecurityGroupRequest::default()
    }
}

async fn created(sandbox: &Sandbox, name: &str) -> String {
    let outcome = client(sandbox).create_security_group(sandbox.ask(create(name, None))).await;
    outcome.unwrap().into_inner().group_id.unwrap()
}

async fn other_vpc(sandbox: &Sandbox) -> String {
    let request = CreateVpcRequest { cidr_block: Some("10.9.0.0/16".into()), ..CreateVpcRequest::default() };
    let outcome = VpcsServiceClient::new(sandbox.channel.clone()).create_vpc(sandbox.ask(request)).await;
    outcome.unwrap().into_inner().vpc.unwrap().vpc_id.unwrap()
}

async fn described(sandbox: &Sandbox, filters: Vec<Filter>) -> Vec<SecurityGroup> {
    let request = DescribeSecurityGroupsRequest { filters, ..DescribeSecurityGroupsRequest::default() };
    client(sandbox).describe_security_groups(sandbox.ask(request)).await.unwrap().into_inner().security_groups
}

async fn group(sandbox: &Sandbox, id: &str) -> SecurityGroup {
    described(sandbox, filter("group-id", id)).await.remove(0)
}

fn tcp(port: i32, block: &str) -> IpPermission {
    IpPermission {
        ip_protocol: Some("tcp".into()),
        from_port: Some(port),
        to_port: Some(port),
        ip_ranges: vec![IpRange { cidr_ip: Some(block.into()), description: None }],
        ..IpPermission::default()
    }
}

fn from_group(id: &str) -> IpPermission {
    let pair = UserIdGroupPair { group_id: Some(id.into()), ..UserIdGroupPair::default() };
    IpPermission { ip_protocol: Some("-1".into()), user_id_group_pairs: vec![pair], ..IpPermission::default() }
}

async fn authorize(
    sandbox: &Sandbox,
    group: &str,
    ip_permissions: Vec<IpPermission>,
) -> Result<Vec<SecurityGroupRule>, Status> {
    let request = AuthorizeSecurityGroupIngressRequest {
        group_id: Some(group.into()),
        ip_permissions,
        ..AuthorizeSecurityGroupIngressRequest::default()
    };
    let outcome = client(sandbox).authorize_security_group_ingress(sandbox.ask(request)).await;
    outcome.map(|response| response.into_inner().security_group_rules)
}

fn error<T: std::fmt::Debug>(outcome: Result<T, Status>) -> String {
    code(outcome.map(Response::new))
}

fn delete(id: &str) -> Request<DeleteSecurityGroupRequest> {
    crate::support::ask_as(
        "000000000000",
        DeleteSecurityGroupRequest { group_id: Some(id.into()), ..DeleteSecurityGroupRequest::default() },
    )
}

#[tokio::test]
async fn the_default_group_trusts_itself_and_cannot_be_deleted() {
    let sandbox = Sandbox::new().await;
    let default = described(&sandbox, filter("group-name", "default")).await.remove(0);
    let pair = &default.ip_permissions[0].user_id_group_pairs[0];
    assert_eq!((default.ip_permissions.len(), pair.group_id()), (1, default.group_id()));
    assert_eq!(default.ip_permissions_egress[0].ip_ranges[0].cidr_ip(), "0.0.0.0/0");
    assert_eq!(default.ip_permissions_egress[0].from_port, None);
    assert_eq!(code(client(&sandbox).delete_security_group(delete(default.group_id())).await), "CannotDelete");
}

#[tokio::test]
async fn a_name_is_unique_in_its_vpc_and_free_again_after_deletion() {
    let sandbox = Sandbox::new().await;
    let first = created(&sandbox, "web").await;
    let again = client(&sandbox).create_security_group(sandbox.ask(create("web", None))).await;
    assert_eq!(code(again), "InvalidGroup.Duplicate");
    let vpc = other_vpc(&sandbox).await;
    client(&sandbox).create_security_group(sandbox.ask(create("web", Some(&vpc)))).await.unwrap();
    for reserved in ["default", "sg-web"] {
        let outcome = client(&sandbox).create_security_group(sandbox.ask(create(reserved, None))).await;
        assert_eq!(code(outcome), "InvalidParameterValue", "{reserved}");
    }

    client(&sandbox).delete_security_group(delete(&first)).await.unwrap();
    assert_eq!(code(client(&sandbox).delete_security_group(delete(&first)).await), "InvalidGroup.NotFound");
    created(&sandbox, "web").await;
}

#[tokio::test]
async fn rules_with_the_same_ports_are_described_as_one_permission() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    let mut both = tcp(443, "10.0.0.7/8");
    both.ipv6_ranges = vec![Ipv6Range { cidr_ipv6: Some("2001:DB8::1/32".into()), description: Some("v6".into()) }];
    let rules = authorize(&sandbox, &id, vec![both]).await.unwrap();
    assert_eq!((rules.len(), rules[0].cidr_ipv4(), rules[1].cidr_ipv6()), (2, "10.0.0.0/8", "2001:db8::/32"));
    authorize(&sandbox, &id, vec![tcp(443, "192.168.0.0/16")]).await.unwrap();

    let permissions = group(&sandbox, &id).await.ip_permissions;
    assert_eq!((permissions.len(), permissions[0].ip_ranges.len(), permissions[0].ipv6_ranges.len()), (1, 2, 1));
    assert_eq!(permissions[0].ipv6_ranges[0].description(), "v6");
}

#[tokio::test]
async fn a_rule_exists_once_whatever_the_spelling_of_its_block() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    authorize(&sandbox, &id, vec![tcp(22, "100.68.0.0/18")]).await.unwrap();
    let again = authorize(&sandbox, &id, vec![tcp(22, "100.68.0.18/18")]).await;
    let message = again.as_ref().unwrap_err().message().to_owned();
    assert!(message.contains("peer: 100.68.0.0/18, TCP, from port: 22, to port: 22, ALLOW"), "{message}");
    assert_eq!(error(again), "InvalidPermission.Duplicate");
    let twice = authorize(&sandbox, &id, vec![tcp(80, "10.0.0.0/8"), tcp(80, "10.0.0.0/8")]).await;
    assert_eq!(error(twice), "InvalidParameterValue");
    assert_eq!(group(&sandbox, &id).await.ip_permissions.len(), 1, "all or none");
}

#[tokio::test]
async fn malformed_statements_are_refused() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    let mut nobody = tcp(22, "10.0.0.0/8");
    nobody.ip_ranges.clear();
    let vpc = other_vpc(&sandbox).await;
    let foreign = client(&sandbox).create_security_group(sandbox.ask(create("foreign", Some(&vpc)))).await.unwrap();
    for (permission, expected) in [
        (tcp(22, "10.0.0.0"), "InvalidParameterValue"),
        (tcp(65_536, "10.0.0.0/8"), "InvalidParameterValue"),
        (nobody, "MissingParameter"),
        (from_group("sg-0123456789abcdef0"), "InvalidGroup.NotFound"),
        (from_group("group"), "InvalidGroupId.Malformed"),
        (from_group(foreign.into_inner().group_id()), "InvalidGroup.NotFound"),
    ] {
        assert_eq!(error(authorize(&sandbox, &id, vec![permission]).await), expected);
    }
}

#[tokio::test]
async fn a_source_group_by_name_has_full_access() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    let request = AuthorizeSecurityGroupIngressRequest {
        group_name: Some("web".into()),
        source_security_group_name: Some("default".into()),
        ..AuthorizeSecurityGroupIngressRequest::default()
    };
    client(&sandbox).authorize_security_group_ingress(sandbox.ask(request)).await.unwrap();
    let permissions = group(&sandbox, &id).await.ip_permissions;
    let protocols: Vec<_> = permissions.iter().map(IpPermission::ip_protocol).collect();
    assert_eq!(protocols, ["tcp", "udp", "icmp"]);
    assert_eq!(described(&sandbox, filter("ip-permission.group-name", "default")).await.len(), 2);
}

#[tokio::test]
async fn revoking_an_unknown_rule_is_an_error_but_in_a_default_vpc() {
    let sandbox = Sandbox::new().await;
    let vpc = other_vpc(&sandbox).await;
    let strict = client(&sandbox).create_security_group(sandbox.ask(create("strict", Some(&vpc)))).await.unwrap();
    let revoke = |id: &str| {
        sandbox.ask(RevokeSecurityGroupIngressRequest {
            group_id: Some(id.into()),
            ip_permissions: vec![tcp(22, "10.0.0.0/8")],
            ..RevokeSecurityGroupIngressRequest::default()
        })
    };
    let refused = client(&sandbox).revoke_security_group_ingress(revoke(strict.into_inner().group_id())).await;
    assert_eq!(code(refused), "InvalidPermission.NotFound");

    let lenient = created(&sandbox, "lenient").await;
    let answer = client(&sandbox).revoke_security_group_ingress(revoke(&lenient)).await.unwrap().into_inner();
    assert_eq!((answer.r#return(), answer.unknown_ip_permissions), (true, vec![tcp(22, "10.0.0.0/8")]));
}

#[tokio::test]
async fn rules_are_revoked_by_id_in_their_own_direction() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    let rule = authorize(&sandbox, &id, vec![tcp(22, "10.0.0.0/8")]).await.unwrap().remove(0);
    let ids = vec![rule.security_group_rule_id().to_owned()];
    let egress = RevokeSecurityGroupEgressRequest {
        group_id: Some(id.clone()),
        security_group_rule_ids: ids.clone(),
        ..RevokeSecurityGroupEgressRequest::default()
    };
    let refused = client(&sandbox).revoke_security_group_egress(sandbox.ask(egress)).await;
    assert_eq!(code(refused), "InvalidSecurityGroupRuleId.NotFound");
    let ingress = RevokeSecurityGroupIngressRequest {
        group_id: Some(id.clone()),
        security_group_rule_ids: ids,
        ..RevokeSecurityGroupIngressRequest::default()
    };
    let answer = client(&sandbox).revoke_security_group_ingress(sandbox.ask(ingress)).await.unwrap().into_inner();
    assert_eq!(answer.revoked_security_group_rules[0].cidr_ipv4(), "10.0.0.0/8");
    assert!(group(&sandbox, &id).await.ip_permissions.is_empty());
}

#[tokio::test]
async fn flat_parameters_are_for_inbound_rules_only() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    let egress = AuthorizeSecurityGroupEgressRequest {
        group_id: Some(id),
        ip_protocol: Some("tcp".into()),
        from_port: Some(80),
        to_port: Some(80),
        cidr_ip: Some("0.0.0.0/0".into()),
        ..AuthorizeSecurityGroupEgressRequest::default()
    };
    let refused = client(&sandbox).authorize_security_group_egress(sandbox.ask(egress)).await;
    assert_eq!(code(refused), "InvalidParameterValue");
}

#[tokio::test]
async fn groups_that_refer_to_each_other_stay_until_their_rules_go() {
    let sandbox = Sandbox::new().await;
    let (one, two) = (created(&sandbox, "one").await, created(&sandbox, "two").await);
    authorize(&sandbox, &one, vec![from_group(&two)]).await.unwrap();
    assert_eq!(code(client(&sandbox).delete_security_group(delete(&two)).await), "DependencyViolation");
    let revoke = RevokeSecurityGroupIngressRequest {
        group_id: Some(one),
        ip_permissions: vec![from_group(&two)],
        ..RevokeSecurityGroupIngressRequest::default()
    };
    client(&sandbox).revoke_security_group_ingress(sandbox.ask(revoke)).await.unwrap();
    client(&sandbox).delete_security_group(delete(&two)).await.unwrap();
}

#[tokio::test]
async fn a_rule_keeps_its_id_when_it_is_modified() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    let rules = authorize(&sandbox, &id, vec![tcp(22, "10.0.0.0/8"), tcp(80, "10.0.0.0/8")]).await.unwrap();
    let modify = |port: i32| {
        let request = SecurityGroupRuleRequest {
            ip_protocol: Some("tcp".into()),
            from_port: Some(port),
            to_port: Some(port),
            cidr_ipv6: (port != 80).then(|| "::/0".to_owned()),
            cidr_ipv4: (port == 80).then(|| "10.0.0.0/8".to_owned()),
            description: Some("changed".into()),
            ..SecurityGroupRuleRequest::default()
        };
        let update = SecurityGroupRuleUpdate {
            security_group_rule_id: rules[0].security_group_rule_id.clone(),
            security_group_rule: Some(request),
        };
        sandbox.ask(ModifySecurityGroupRulesRequest {
            group_id: Some(id.clone()),
            security_group_rules: vec![update],
            ..ModifySecurityGroupRulesRequest::default()
        })
    };
    let duplicate = client(&sandbox).modify_security_group_rules(modify(80)).await;
    assert_eq!(code(duplicate), "InvalidPermission.Duplicate");
    client(&sandbox).modify_security_group_rules(modify(443)).await.unwrap();

    let request = DescribeSecurityGroupRulesRequest {
        security_group_rule_ids: vec![rules[0].security_group_rule_id().to_owned()],
        ..DescribeSecurityGroupRulesRequest::default()
    };
    let found = client(&sandbox).describe_security_group_rules(sandbox.ask(request)).await.unwrap().into_inner();
    let rule = &found.security_group_rules[0];
    assert_eq!((rule.from_port(), rule.cidr_ipv6(), rule.cidr_ipv4.as_deref()), (443, "::/0", None));
    assert_eq!(rule.description(), "changed");
}

#[tokio::test]
async fn descriptions_are_replaced_and_removed() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    authorize(&sandbox, &id, vec![tcp(22, "10.0.0.0/8")]).await.unwrap();
    let update = |description: Option<&str>, port: i32| {
        let mut permission = tcp(port, "10.0.0.0/8");
        permission.ip_ranges[0].description = description.map(str::to_owned);
        sandbox.ask(UpdateSecurityGroupRuleDescriptionsIngressRequest {
            group_id: Some(id.clone()),
            ip_permissions: vec![permission],
            ..UpdateSecurityGroupRuleDescriptionsIngressRequest::default()
        })
    };
    for description in [Some("bastion"), None] {
        client(&sandbox).update_security_group_rule_descriptions_ingress(update(description, 22)).await.unwrap();
        let range = group(&sandbox, &id).await.ip_permissions.remove(0).ip_ranges.remove(0);
        assert_eq!(range.description.as_deref(), description);
    }
    let refused = client(&sandbox).update_security_group_rule_descriptions_ingress(update(Some("a|b"), 22)).await;
    assert_eq!(code(refused), "InvalidParameterValue");
    let unknown = client(&sandbox).update_security_group_rule_descriptions_ingress(update(Some("x"), 23)).await;
    assert_eq!(code(unknown), "InvalidPermission.NotFound");
}

#[tokio::test]
async fn rules_have_tags_of_their_own_and_are_described_in_pages() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    let tag = Tag { key: Some("Name".into()), value: Some("ssh".into()) };
    let request = AuthorizeSecurityGroupIngressRequest {
        group_id: Some(id.clone()),
        ip_permissions: (1..=7).map(|port| tcp(port, "10.0.0.0/8")).collect(),
        tag_specifications: vec![TagSpecification {
            resource_type: Some("security-group-rule".into()),
            tags: vec![tag.clone()],
        }],
        ..AuthorizeSecurityGroupIngressRequest::default()
    };
    let rules = client(&sandbox).authorize_security_group_ingress(sandbox.ask(request)).await.unwrap().into_inner();
    let rule = rules.security_group_rules[0].security_group_rule_id().to_owned();

    let mut tags = TagsServiceClient::new(sandbox.channel.clone());
    let more = Tag { key: Some("team".into()), value: Some("a".into()) };
    let request = CreateTagsRequest { resources: vec![rule.clone()], tags: vec![more], ..CreateTagsRequest::default() };
    tags.create_tags(sandbox.ask(request)).await.unwrap();
    let request = DescribeTagsRequest { filters: filter("resource-id", &rule), ..DescribeTagsRequest::default() };
    let found = tags.describe_tags(sandbox.ask(request)).await.unwrap().into_inner().tags;
    assert_eq!((found.len(), found[0].resource_type()), (2, "security-group-rule"));

    let page = |next_token: Option<String>| {
        sandbox.ask(DescribeSecurityGroupRulesRequest {
            filters: [filter("group-id", &id), filter("tag:Name", "ssh")].concat(),
            max_results: Some(5),
            next_token,
            ..DescribeSecurityGroupRulesRequest::default()
        })
    };
    let first = client(&sandbox).describe_security_group_rules(page(None)).await.unwrap().into_inner();
    let second = client(&sandbox).describe_security_group_rules(page(first.next_token)).await.unwrap().into_inner();
    assert_eq!((first.security_group_rules.len(), second.security_group_rules.len()), (5, 2));
    assert_eq!(second.next_token, None);

    client(&sandbox).delete_security_group(delete(&id)).await.unwrap();
    let request = DescribeTagsRequest { filters: filter("resource-id", &rule), ..DescribeTagsRequest::default() };
    assert!(tags.describe_tags(sandbox.ask(request)).await.unwrap().into_inner().tags.is_empty());
}

#[tokio::test]
async fn filters_look_into_the_rules() {
    let sandbox = Sandbox::new().await;
    let id = created(&sandbox, "web").await;
    authorize(&sandbox, &id, vec![tcp(8443, "203.0.113.0/24")]).await.unwrap();
    for (name, value, found) in [
        ("ip-permission.cidr", "203.0.113.*", true),
        ("ip-permission.from-port", "8443", true),
        ("ip-permission.to-port", "8444", false),
        ("ip-permission.protocol", "tcp", true),
        ("egress.ip-permission.protocol", "-1", true),
        ("egress.ip-permission.cidr", "203.0.113.0/24", false),
        ("description", "for a*", true),
        ("owner-id", "000000000000", true),
    ] {
        let groups = described(&sandbox, filter(name, value)).await;
        assert_eq!(groups.iter().any(|group| group.group_id() == id), found, "{name}={value}");
    }
}

#[tokio::test]
async fn names_and_rules_stay_over_a_restart() {
    let (before, after) = (folder("groups-before"), folder("groups-after"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&before).unwrap()).await;
    let id = created(&sandbox, "web").await;
    let rules = authorize(&sandbox, &id, vec![tcp(22, "10.0.0.0/8")]).await.unwrap();
    copy_folder(&before, &after);

    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&after).unwrap()).await;
    let numbers = &sandbox.region.shell.ids; // The seed is the same: the next id must not be.
    (0..1_000).for_each(|_| drop(numbers.prefixed("x")));
    let again = client(&sandbox).create_security_group(sandbox.ask(create("web", None))).await;
    assert_eq!(code(again), "InvalidGroup.Duplicate");
    let request = DescribeSecurityGroupRulesRequest {
        security_group_rule_ids: vec![rules[0].security_group_rule_id().to_owned()],
        ..DescribeSecurityGroupRulesRequest::default()
    };
    let found = client(&sandbox).describe_security_group_rules(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(found.security_group_rules, rules);
}

#[tokio::test]
async fn a_group_is_used_in_another_vpc_that_it_is_associated_with() {
    let sandbox = Sandbox::new().await;
    let (home, other) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.1.0.0/16").await);
    let there = subnet(&sandbox, &other, "10.1.0.0/24").await;
    let input = create("shared", Some(home.vpc_id()));
    let id = client(&sandbox).create_security_group(sandbox.ask(input)).await.unwrap().into_inner().group_id.unwrap();
    let mut interfaces = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    let new = CreateNetworkInterfaceRequest {
        subnet_id: there.subnet_id.clone(),
        groups: vec![id.clone()],
        ..Default::default()
    };
    let refused = interfaces.create_network_interface(sandbox.ask(new.clone())).await;
    assert_eq!(code(refused), "InvalidParameter");
    let associate = AssociateSecurityGroupVpcRequest {
        group_id: Some(id.clone()),
        vpc_id: other.vpc_id.clone(),
        ..Default::default()
    };
    let state = client(&sandbox).associate_security_group_vpc(sandbox.ask(associate.clone())).await.unwrap();
    assert_eq!(state.into_inner().state(), "associating");
    let own = AssociateSecurityGroupVpcRequest { vpc_id: home.vpc_id.clone(), ..associate };
    let own = client(&sandbox).associate_security_group_vpc(sandbox.ask(own)).await;
    assert_eq!(code(own), "InvalidParameterValue");
    let made = interfaces.create_network_interface(sandbox.ask(new)).await.unwrap().into_inner();

    let describe =
        DescribeSecurityGroupVpcAssociationsRequest { filters: filter("group-id", &id), ..Default::default() };
    let found = client(&sandbox).describe_security_group_vpc_associations(sandbox.ask(describe)).await.unwrap();
    let found = found.into_inner().security_group_vpc_associations;
    assert_eq!((found.len(), found[0].state(), &found[0].vpc_id), (1, "associated", &other.vpc_id));
    let usable = GetSecurityGroupsForVpcRequest { vpc_id: other.vpc_id.clone(), ..Default::default() };
    let usable = client(&sandbox).get_security_groups_for_vpc(sandbox.ask(usable)).await.unwrap().into_inner();
    assert_eq!(usable.security_group_for_vpcs.len(), 2);
    let away = DisassociateSecurityGroupVpcRequest {
        group_id: Some(id.clone()),
        vpc_id: other.vpc_id.clone(),
        ..Default::default()
    };
    let in_use = client(&sandbox).disassociate_security_group_vpc(sandbox.ask(away.clone())).await;
    assert_eq!(code(in_use), "DependencyViolation");
    let gone = DeleteNetworkInterfaceRequest {
        network_interface_id: made.network_interface.unwrap().network_interface_id,
        ..Default::default()
    };
    interfaces.delete_network_interface(sandbox.ask(gone)).await.unwrap();
    client(&sandbox).disassociate_security_group_vpc(sandbox.ask(away.clone())).await.unwrap();
    let again = client(&sandbox).disassociate_security_group_vpc(sandbox.ask(away)).await;
    assert_eq!(code(again), "InvalidSecurityGroupVpcAssociation.NotFound");

    let references = DescribeSecurityGroupReferencesRequest { group_id: vec![id], ..Default::default() };
    let references = client(&sandbox).describe_security_group_references(sandbox.ask(references)).await.unwrap();
    assert!(references.into_inner().security_group_reference_set.is_empty());
    let stale = DescribeStaleSecurityGroupsRequest { vpc_id: home.vpc_id, ..Default::default() };
    let stale = client(&sandbox).describe_stale_security_groups(sandbox.ask(stale)).await.unwrap().into_inner();
    assert!(stale.stale_security_group_set.is_empty());
}
