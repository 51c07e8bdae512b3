//! IPAMs, scopes and pools over gRPC, and the VPCs that have their blocks from pools.

use std::sync::Arc;

use archipelago_proto::ec2::v1::ipam_service_client::IpamServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::tags_service_client::TagsServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AllocateIpamPoolCidrRequest, AssociateVpcCidrBlockRequest, CreateIpamPoolRequest, CreateIpamRequest,
    CreateIpamScopeRequest, CreateSubnetRequest, CreateTagsRequest, CreateVpcRequest, DeleteIpamPoolRequest,
    DeleteIpamRequest, DeleteIpamScopeRequest, DeleteVpcRequest, DeprovisionIpamPoolCidrRequest,
    DescribeIpamPoolsRequest, DescribeIpamScopesRequest, DescribeIpamsRequest, DescribeTagsRequest,
    DisassociateVpcCidrBlockRequest, GetIpamPoolAllocationsRequest, GetIpamPoolCidrsRequest,
    GetIpamResourceCidrsRequest, Ipam, IpamPool, IpamPoolAllocation, IpamPoolCidr, IpamResourceCidr,
    ModifyIpamPoolRequest, ModifyIpamRequest, ModifyIpamResourceCidrRequest, ProvisionIpamPoolCidrRequest,
    ReleaseIpamPoolAllocationRequest, RemoveIpamOperatingRegion, RequestIpamResourceTag, Tag, Vpc,
};
use archipelago_region_node::peer::NoPeers;
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

use crate::support::network::{filter, some};
use crate::support::{Sandbox, code, copy_folder, folder};

fn client(sandbox: &Sandbox) -> IpamServiceClient<Channel> {
    IpamServiceClient::new(sandbox.channel.clone())
}

async fn ipam(sandbox: &Sandbox) -> Ipam {
    let input = CreateIpamRequest::default();
    client(sandbox).create_ipam(sandbox.ask(input)).await.unwrap().into_inner().ipam.unwrap()
}

fn pool_of(scope: &str, source: Option<&IpamPool>) -> CreateIpamPoolRequest {
    CreateIpamPoolRequest {
        ipam_scope_id: some(scope),
        address_family: some("ipv4"),
        locale: some("us-east-1"),
        source_ipam_pool_id: source.and_then(|source| source.ipam_pool_id.clone()),
        ..Default::default()
    }
}

async fn create(sandbox: &Sandbox, input: CreateIpamPoolRequest) -> IpamPool {
    client(sandbox).create_ipam_pool(sandbox.ask(input)).await.unwrap().into_inner().ipam_pool.unwrap()
}

fn provide(pool: &IpamPool, cidr: Option<&str>, netmask_length: Option<i32>) -> ProvisionIpamPoolCidrRequest {
    ProvisionIpamPoolCidrRequest {
        ipam_pool_id: pool.ipam_pool_id.clone(),
        cidr: cidr.map(str::to_owned),
        netmask_length,
        ..Default::default()
    }
}

/// A pool in the private default scope with this block.
async fn pool(sandbox: &Sandbox, ipam: &Ipam, cidr: &str) -> IpamPool {
    let pool = create(sandbox, pool_of(ipam.private_default_scope_id(), None)).await;
    client(sandbox).provision_ipam_pool_cidr(sandbox.ask(provide(&pool, Some(cidr), None))).await.unwrap();
    pool
}

fn allocate(pool: &IpamPool, cidr: Option<&str>, netmask_length: Option<i32>) -> AllocateIpamPoolCidrRequest {
    AllocateIpamPoolCidrRequest {
        ipam_pool_id: pool.ipam_pool_id.clone(),
        cidr: cidr.map(str::to_owned),
        netmask_length,
        ..Default::default()
    }
}

async fn allocated(sandbox: &Sandbox, input: AllocateIpamPoolCidrRequest) -> IpamPoolAllocation {
    let made = client(sandbox).allocate_ipam_pool_cidr(sandbox.ask(input)).await.unwrap().into_inner();
    made.ipam_pool_allocation.unwrap()
}

async fn allocations(sandbox: &Sandbox, pool: &IpamPool) -> Vec<IpamPoolAllocation> {
    let input = GetIpamPoolAllocationsRequest { ipam_pool_id: pool.ipam_pool_id.clone(), ..Default::default() };
    client(sandbox).get_ipam_pool_allocations(sandbox.ask(input)).await.unwrap().into_inner().ipam_pool_allocations
}

async fn cidrs(sandbox: &Sandbox, pool: &IpamPool) -> Vec<IpamPoolCidr> {
    let input = GetIpamPoolCidrsRequest { ipam_pool_id: pool.ipam_pool_id.clone(), ..Default::default() };
    client(sandbox).get_ipam_pool_cidrs(sandbox.ask(input)).await.unwrap().into_inner().ipam_pool_cidrs
}

fn deprovision(pool: &IpamPool, cidr: &str) -> DeprovisionIpamPoolCidrRequest {
    DeprovisionIpamPoolCidrRequest { ipam_pool_id: pool.ipam_pool_id.clone(), cidr: some(cidr), ..Default::default() }
}

fn vpc_from(pool: &IpamPool, length: i32) -> CreateVpcRequest {
    CreateVpcRequest {
        ipv4_ipam_pool_id: pool.ipam_pool_id.clone(),
        ipv4_netmask_length: Some(length),
        ..Default::default()
    }
}

async fn vpc(sandbox: &Sandbox, input: CreateVpcRequest) -> Vpc {
    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    vpcs.create_vpc(sandbox.ask(input)).await.unwrap().into_inner().vpc.unwrap()
}

async fn resources(sandbox: &Sandbox, scope: &str) -> Vec<IpamResourceCidr> {
    let input = GetIpamResourceCidrsRequest { ipam_scope_id: some(scope), ..Default::default() };
    client(sandbox).get_ipam_resource_cidrs(sandbox.ask(input)).await.unwrap().into_inner().ipam_resource_cidrs
}

#[tokio::test]
async fn an_ipam_comes_and_goes_with_its_default_scopes() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    assert_eq!((made.state(), made.scope_count(), made.tier()), ("create-in-progress", 2, "advanced"));
    assert!(made.ipam_arn().starts_with("arn:aws:ec2::000000000000:ipam/ipam-"), "{}", made.ipam_arn());
    let describe = DescribeIpamScopesRequest { filters: filter("ipam-id", made.ipam_id()), ..Default::default() };
    let scopes = client(&sandbox).describe_ipam_scopes(sandbox.ask(describe)).await.unwrap().into_inner().ipam_scopes;
    let types: Vec<_> =
        scopes.iter().map(|scope| (scope.ipam_scope_type(), scope.is_default(), scope.state())).collect();
    assert_eq!(types, [("private", true, "create-complete"), ("public", true, "create-complete")]);
    let away = DeleteIpamScopeRequest { ipam_scope_id: scopes[0].ipam_scope_id.clone(), ..Default::default() };
    assert_eq!(code(client(&sandbox).delete_ipam_scope(sandbox.ask(away)).await), "OperationNotPermitted");

    let away = DeleteIpamRequest { ipam_id: made.ipam_id.clone(), ..Default::default() };
    let gone = client(&sandbox).delete_ipam(sandbox.ask(away.clone())).await.unwrap().into_inner().ipam.unwrap();
    assert_eq!(gone.state(), "delete-in-progress");
    assert_eq!(code(client(&sandbox).delete_ipam(sandbox.ask(away)).await), "InvalidIpamId.NotFound");
    let left = client(&sandbox).describe_ipam_scopes(sandbox.ask(DescribeIpamScopesRequest::default())).await;
    assert!(left.unwrap().into_inner().ipam_scopes.is_empty());
}

#[tokio::test]
async fn the_home_region_and_the_locales_of_pools_stay_operating_regions() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    let remove = |name: &str| ModifyIpamRequest {
        ipam_id: made.ipam_id.clone(),
        remove_operating_regions: vec![RemoveIpamOperatingRegion { region_name: some(name) }],
        ..Default::default()
    };
    assert_eq!(code(client(&sandbox).modify_ipam(sandbox.ask(remove("us-east-1"))).await), "InvalidParameterValue");
    assert_eq!(code(client(&sandbox).modify_ipam(sandbox.ask(remove("eu-west-1"))).await), "InvalidParameterValue");
    let elsewhere =
        CreateIpamPoolRequest { locale: some("eu-west-1"), ..pool_of(made.private_default_scope_id(), None) };
    let refused = client(&sandbox).create_ipam_pool(sandbox.ask(elsewhere)).await;
    assert_eq!(code(refused), "InvalidParameterValue", "it is no operating region");
}

#[tokio::test]
async fn a_vpc_takes_its_block_from_a_pool_and_gives_it_back() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    let pool = pool(&sandbox, &made, "10.0.0.0/15").await;
    let first = vpc(&sandbox, vpc_from(&pool, 16)).await;
    let second = vpc(&sandbox, vpc_from(&pool, 17)).await;
    assert_eq!((first.cidr_block(), second.cidr_block()), ("10.0.0.0/16", "10.1.0.0/17"));
    let known = allocations(&sandbox, &pool).await;
    let owners: Vec<_> = known.iter().map(|known| (known.resource_id(), known.resource_type())).collect();
    assert_eq!(owners, [(first.vpc_id(), "vpc"), (second.vpc_id(), "vpc")]);

    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let refused = vpcs.create_vpc(sandbox.ask(vpc_from(&pool, 16))).await;
    assert_eq!(code(refused), "InsufficientCidrBlocks");
    let overlapping = CreateVpcRequest {
        cidr_block: some("10.0.128.0/20"),
        ipv4_ipam_pool_id: pool.ipam_pool_id.clone(),
        ..Default::default()
    };
    assert_eq!(code(vpcs.create_vpc(sandbox.ask(overlapping)).await), "InvalidParameterValue");
    assert_eq!(code(vpcs.create_vpc(sandbox.ask(vpc_from(&pool, 15))).await), "InsufficientCidrBlocks");
    assert_eq!(allocations(&sandbox, &pool).await.len(), 2, "what was refused has left nothing");
    let manual = ReleaseIpamPoolAllocationRequest {
        ipam_pool_id: pool.ipam_pool_id.clone(),
        cidr: first.cidr_block.clone(),
        ipam_pool_allocation_id: known[0].ipam_pool_allocation_id.clone(),
        ..Default::default()
    };
    let refused = client(&sandbox).release_ipam_pool_allocation(sandbox.ask(manual)).await;
    assert_eq!(code(refused), "InvalidParameterValue", "it is a VPC's");

    let more = AssociateVpcCidrBlockRequest {
        vpc_id: second.vpc_id.clone(),
        ipv4_ipam_pool_id: pool.ipam_pool_id.clone(),
        ipv4_netmask_length: Some(18),
        ..Default::default()
    };
    let more = vpcs.associate_vpc_cidr_block(sandbox.ask(more)).await.unwrap().into_inner();
    let more = more.cidr_block_association.unwrap();
    assert_eq!(more.cidr_block(), "10.1.128.0/18");
    let less = DisassociateVpcCidrBlockRequest { association_id: more.association_id };
    vpcs.disassociate_vpc_cidr_block(sandbox.ask(less)).await.unwrap();
    assert_eq!(allocations(&sandbox, &pool).await.len(), 2);

    for vpc_id in [first.vpc_id, second.vpc_id] {
        vpcs.delete_vpc(sandbox.ask(DeleteVpcRequest { vpc_id, ..Default::default() })).await.unwrap();
    }
    assert_eq!(allocations(&sandbox, &pool).await, []);
    client(&sandbox).deprovision_ipam_pool_cidr(sandbox.ask(deprovision(&pool, "10.0.0.0/15"))).await.unwrap();
    assert_eq!(cidrs(&sandbox, &pool).await, []);
}

#[tokio::test]
async fn a_pool_below_carves_from_the_pool_above() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    let top = pool(&sandbox, &made, "10.0.0.0/8").await;
    let below = create(&sandbox, pool_of(made.private_default_scope_id(), Some(&top))).await;
    assert_eq!((below.pool_depth(), below.source_ipam_pool_id()), (2, top.ipam_pool_id()));
    let carve = provide(&below, None, Some(12));
    let carved = client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(carve)).await.unwrap().into_inner();
    let carved = carved.ipam_pool_cidr.unwrap();
    assert_eq!((carved.cidr(), carved.state()), ("10.0.0.0/12", "pending-provision"));
    assert_eq!(cidrs(&sandbox, &below).await[0].state(), "provisioned");
    let given = allocations(&sandbox, &top).await;
    assert_eq!((given[0].resource_id(), given[0].resource_type()), (below.ipam_pool_id(), "ipam-pool"));

    let again =
        client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(provide(&below, Some("10.8.0.0/13"), None))).await;
    assert_eq!(code(again), "InvalidParameterValue", "it is a part of what is carved");
    let used = client(&sandbox).deprovision_ipam_pool_cidr(sandbox.ask(deprovision(&top, "10.0.0.0/8"))).await;
    assert_eq!(code(used), "IncorrectState");
    let away = DeleteIpamPoolRequest { ipam_pool_id: top.ipam_pool_id.clone(), ..Default::default() };
    assert_eq!(code(client(&sandbox).delete_ipam_pool(sandbox.ask(away.clone())).await), "IncorrectState");
    client(&sandbox).deprovision_ipam_pool_cidr(sandbox.ask(deprovision(&below, "10.0.0.0/12"))).await.unwrap();
    assert_eq!(allocations(&sandbox, &top).await, []);

    client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(provide(&below, None, Some(16)))).await.unwrap();
    let all = DeleteIpamPoolRequest { cascade: Some(true), ..away };
    client(&sandbox).delete_ipam_pool(sandbox.ask(all)).await.unwrap();
    let left = client(&sandbox).describe_ipam_pools(sandbox.ask(DescribeIpamPoolsRequest::default())).await;
    assert!(left.unwrap().into_inner().ipam_pools.is_empty());
    pool(&sandbox, &made, "10.0.0.0/8").await;
}

#[tokio::test]
async fn pools_of_one_scope_are_disjoint_and_those_of_two_need_not_be() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    pool(&sandbox, &made, "10.0.0.0/16").await;
    let other = create(&sandbox, pool_of(made.private_default_scope_id(), None)).await;
    let refused =
        client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(provide(&other, Some("10.0.9.0/24"), None))).await;
    assert_eq!(code(refused), "InvalidParameterValue");
    let scope = CreateIpamScopeRequest { ipam_id: made.ipam_id.clone(), ..Default::default() };
    let scope = client(&sandbox).create_ipam_scope(sandbox.ask(scope)).await.unwrap().into_inner().ipam_scope.unwrap();
    let elsewhere = create(&sandbox, pool_of(scope.ipam_scope_id(), None)).await;
    let same = provide(&elsewhere, Some("10.0.9.0/24"), None);
    client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(same)).await.unwrap();
    let away = DeleteIpamScopeRequest { ipam_scope_id: scope.ipam_scope_id.clone(), ..Default::default() };
    assert_eq!(code(client(&sandbox).delete_ipam_scope(sandbox.ask(away)).await), "DependencyViolation");
    let away = DeleteIpamRequest { ipam_id: made.ipam_id.clone(), ..Default::default() };
    assert_eq!(code(client(&sandbox).delete_ipam(sandbox.ask(away.clone())).await), "DependencyViolation");
    let all = DeleteIpamRequest { cascade: Some(true), ..away };
    client(&sandbox).delete_ipam(sandbox.ask(all)).await.unwrap();
    let left = client(&sandbox).describe_ipams(sandbox.ask(DescribeIpamsRequest::default())).await.unwrap();
    assert!(left.into_inner().ipams.is_empty());
}

#[tokio::test]
async fn allocations_follow_the_rules_of_their_pool() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    let rules = CreateIpamPoolRequest {
        allocation_min_netmask_length: Some(20),
        allocation_default_netmask_length: Some(24),
        allocation_max_netmask_length: Some(28),
        allocation_resource_tags: vec![RequestIpamResourceTag { key: some("team"), value: some("a") }],
        ..pool_of(made.private_default_scope_id(), None)
    };
    let wrong = CreateIpamPoolRequest { allocation_default_netmask_length: Some(29), ..rules.clone() };
    assert_eq!(code(client(&sandbox).create_ipam_pool(sandbox.ask(wrong)).await), "InvalidParameterValue");
    let import = CreateIpamPoolRequest { auto_import: Some(true), ..rules.clone() };
    assert_eq!(code(client(&sandbox).create_ipam_pool(sandbox.ask(import)).await), "UnsupportedOperation");
    let pool = create(&sandbox, rules).await;
    client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(provide(&pool, Some("10.0.0.0/16"), None))).await.unwrap();

    for (cidr, length) in [(None, Some(19)), (None, Some(29)), (Some("10.0.0.0/29"), None), (Some("10.1.0.0/24"), None)]
    {
        let refused = client(&sandbox).allocate_ipam_pool_cidr(sandbox.ask(allocate(&pool, cidr, length))).await;
        assert_eq!(code(refused), "InvalidParameterValue", "{cidr:?} {length:?}");
    }
    let preview = AllocateIpamPoolCidrRequest { preview_next_cidr: Some(true), ..allocate(&pool, None, None) };
    let preview = allocated(&sandbox, preview).await;
    assert_eq!((preview.cidr(), &preview.ipam_pool_allocation_id), ("10.0.0.0/24", &None));
    let skipping =
        AllocateIpamPoolCidrRequest { disallowed_cidrs: vec!["10.0.0.0/23".into()], ..allocate(&pool, None, None) };
    let given = allocated(&sandbox, skipping).await;
    assert_eq!((given.cidr(), given.resource_type()), ("10.0.2.0/24", "custom"));

    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let untagged = vpcs.create_vpc(sandbox.ask(vpc_from(&pool, 24))).await;
    assert_eq!(code(untagged), "InvalidParameterValue");
    let change = ModifyIpamPoolRequest {
        ipam_pool_id: pool.ipam_pool_id.clone(),
        clear_allocation_default_netmask_length: Some(true),
        remove_allocation_resource_tags: vec![RequestIpamResourceTag { key: some("team"), value: some("a") }],
        ..Default::default()
    };
    client(&sandbox).modify_ipam_pool(sandbox.ask(change)).await.unwrap();
    vpc(&sandbox, vpc_from(&pool, 24)).await;
    let refused = client(&sandbox).allocate_ipam_pool_cidr(sandbox.ask(allocate(&pool, None, None))).await;
    assert_eq!(code(refused), "MissingParameter");

    let release = ReleaseIpamPoolAllocationRequest {
        ipam_pool_id: pool.ipam_pool_id.clone(),
        cidr: some("10.0.2.0/24"),
        ipam_pool_allocation_id: given.ipam_pool_allocation_id.clone(),
        ..Default::default()
    };
    client(&sandbox).release_ipam_pool_allocation(sandbox.ask(release.clone())).await.unwrap();
    let again = client(&sandbox).release_ipam_pool_allocation(sandbox.ask(release)).await;
    assert_eq!(code(again), "InvalidIpamPoolAllocationId.NotFound");
}

#[tokio::test]
async fn ipv6_blocks_are_amazons_in_public_pools_and_local_in_private_ones() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    let public = CreateIpamPoolRequest {
        address_family: some("ipv6"),
        aws_service: some("ec2"),
        public_ip_source: some("amazon"),
        ..pool_of(made.public_default_scope_id(), None)
    };
    let public = create(&sandbox, public).await;
    client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(provide(&public, None, Some(52)))).await.unwrap();
    let private =
        CreateIpamPoolRequest { address_family: some("ipv6"), ..pool_of(made.private_default_scope_id(), None) };
    let private = create(&sandbox, private).await;
    let global =
        client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(provide(&private, Some("2600::/48"), None))).await;
    assert_eq!(code(global), "InvalidParameterValue");
    client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(provide(&private, Some("fd00:1::/48"), None))).await.unwrap();
    for (pool, attribute, block) in [(&public, "public", "2600:f1"), (&private, "private", "fd00:1::/56")] {
        let new = CreateVpcRequest {
            cidr_block: some("10.0.0.0/16"),
            ipv6_ipam_pool_id: pool.ipam_pool_id.clone(),
            ipv6_netmask_length: Some(56),
            ..Default::default()
        };
        let vpc = vpc(&sandbox, new).await;
        let own = &vpc.ipv6_cidr_block_association_set[0];
        assert!(own.ipv6_cidr_block().starts_with(block), "{}", own.ipv6_cidr_block());
        assert_eq!((own.ipv6_pool(), own.ipv6_address_attribute()), ("IPAM Managed", attribute));
    }
    let odd = CreateVpcRequest {
        cidr_block: some("10.0.0.0/16"),
        ipv6_ipam_pool_id: private.ipam_pool_id.clone(),
        ipv6_netmask_length: Some(58),
        ..Default::default()
    };
    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    assert_eq!(code(vpcs.create_vpc(sandbox.ask(odd)).await), "InvalidVpc.Range");
    assert_eq!(allocations(&sandbox, &private).await.len(), 1);
}

#[tokio::test]
async fn a_pool_of_another_locale_or_family_has_no_block_for_a_vpc() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    let nowhere = CreateIpamPoolRequest { locale: None, ..pool_of(made.private_default_scope_id(), None) };
    let nowhere = create(&sandbox, nowhere).await;
    assert_eq!(nowhere.locale(), "None");
    client(&sandbox).provision_ipam_pool_cidr(sandbox.ask(provide(&nowhere, Some("10.0.0.0/16"), None))).await.unwrap();
    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let refused = vpcs.create_vpc(sandbox.ask(vpc_from(&nowhere, 24))).await;
    assert_eq!(code(refused), "InvalidParameterValue");
    let unknown = CreateVpcRequest { ipv4_ipam_pool_id: some("ipam-pool-12345678"), ..vpc_from(&nowhere, 24) };
    assert_eq!(code(vpcs.create_vpc(sandbox.ask(unknown)).await), "InvalidIpamPoolId.NotFound");
}

#[tokio::test]
async fn resources_are_seen_in_their_scope_with_their_use_and_overlaps() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    let scope = made.private_default_scope_id().to_owned();
    let pool = pool(&sandbox, &made, "10.0.0.0/16").await;
    let managed = vpc(&sandbox, vpc_from(&pool, 24)).await;
    let overlapping = vpc(&sandbox, CreateVpcRequest { cidr_block: some("10.0.0.0/20"), ..Default::default() }).await;
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    let half =
        CreateSubnetRequest { vpc_id: managed.vpc_id.clone(), cidr_block: some("10.0.0.0/25"), ..Default::default() };
    subnets.create_subnet(sandbox.ask(half)).await.unwrap();
    let of = |rows: &[IpamResourceCidr], vpc: &Vpc, kind: &str| {
        let found = rows.iter().find(|row| row.vpc_id() == vpc.vpc_id() && row.resource_type() == kind);
        found.cloned()
    };
    let rows = resources(&sandbox, &scope).await;
    let row = of(&rows, &managed, "vpc").unwrap();
    assert_eq!((row.management_state(), row.compliance_status()), ("managed", "compliant"));
    assert_eq!((row.overlap_status(), row.ip_usage()), ("overlapping", 0.5));
    assert_eq!(row.ipam_pool_id(), pool.ipam_pool_id());
    assert_eq!(of(&rows, &managed, "subnet").unwrap().overlap_status(), "overlapping");
    assert_eq!(of(&rows, &overlapping, "vpc").unwrap().management_state(), "unmanaged");

    let lab = CreateIpamScopeRequest { ipam_id: made.ipam_id.clone(), ..Default::default() };
    let lab = client(&sandbox).create_ipam_scope(sandbox.ask(lab)).await.unwrap().into_inner().ipam_scope.unwrap();
    let transfer = ModifyIpamResourceCidrRequest {
        resource_id: overlapping.vpc_id.clone(),
        resource_cidr: some("10.0.0.0/20"),
        resource_region: some("us-east-1"),
        current_ipam_scope_id: some(&scope),
        destination_ipam_scope_id: lab.ipam_scope_id.clone(),
        monitored: Some(true),
        ..Default::default()
    };
    let moved = client(&sandbox).modify_ipam_resource_cidr(sandbox.ask(transfer.clone())).await.unwrap().into_inner();
    assert_eq!(moved.ipam_resource_cidr.unwrap().ipam_scope_id(), lab.ipam_scope_id());
    let again = client(&sandbox).modify_ipam_resource_cidr(sandbox.ask(transfer.clone())).await;
    assert_eq!(code(again), "InvalidParameterValue", "it is no longer there");
    let rows = resources(&sandbox, &scope).await;
    assert_eq!(of(&rows, &managed, "vpc").unwrap().overlap_status(), "nonoverlapping");
    assert_eq!(of(&rows, &overlapping, "vpc"), None);
    let ignore = ModifyIpamResourceCidrRequest {
        current_ipam_scope_id: lab.ipam_scope_id.clone(),
        destination_ipam_scope_id: None,
        monitored: Some(false),
        ..transfer
    };
    let ignored = client(&sandbox).modify_ipam_resource_cidr(sandbox.ask(ignore)).await.unwrap().into_inner();
    assert_eq!(ignored.ipam_resource_cidr.unwrap().management_state(), "ignored");
}

#[tokio::test]
async fn blocks_are_provisioned_on_the_clock() {
    let lifecycle = Lifecycle::instant().with(Transition::IpamChange, 1000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let made = ipam(&sandbox).await;
    let pool = pool(&sandbox, &made, "10.0.0.0/16").await;
    assert_eq!(cidrs(&sandbox, &pool).await[0].state(), "pending-provision");
    let early = client(&sandbox).allocate_ipam_pool_cidr(sandbox.ask(allocate(&pool, None, Some(24)))).await;
    assert_eq!(code(early), "InsufficientCidrBlocks");
    sandbox.region.advance(1000).await;
    allocated(&sandbox, allocate(&pool, None, Some(24))).await;
}

#[tokio::test]
async fn allocations_have_tags_that_can_be_described() {
    let sandbox = Sandbox::new().await;
    let made = ipam(&sandbox).await;
    let pool = pool(&sandbox, &made, "10.0.0.0/16").await;
    let given = allocated(&sandbox, allocate(&pool, Some("10.0.0.0/24"), None)).await;
    let mut tags = TagsServiceClient::new(sandbox.channel.clone());
    let resources = [&given.ipam_pool_allocation_id, &pool.ipam_pool_id, &made.ipam_id];
    let create = CreateTagsRequest {
        resources: resources.into_iter().flatten().cloned().collect(),
        tags: vec![Tag { key: some("a"), value: some("b") }],
        ..Default::default()
    };
    tags.create_tags(sandbox.ask(create)).await.unwrap();
    let shown = tags.describe_tags(sandbox.ask(DescribeTagsRequest::default())).await.unwrap().into_inner().tags;
    let mut kinds: Vec<_> = shown.iter().map(|tag| tag.resource_type().to_owned()).collect();
    kinds.sort();
    assert_eq!(kinds, ["ipam", "ipam-pool", "ipam-pool-allocation"]);
    assert_eq!(allocations(&sandbox, &pool).await[0].tags.len(), 1);
}

#[tokio::test]
async fn what_pools_have_handed_out_survives_a_crash() {
    let (before, after) = (folder("ipam-before"), folder("ipam-after"));
    let open = |path| async move {
        let store = Store::open(path).unwrap();
        Sandbox::of("us-east-1", Lifecycle::instant(), store, Arc::new(NoPeers)).await
    };
    let sandbox = open(&before).await;
    let made = ipam(&sandbox).await;
    let pool = pool(&sandbox, &made, "10.0.0.0/16").await;
    let kept = vpc(&sandbox, vpc_from(&pool, 24)).await;
    copy_folder(&before, &after);
    let restarted = open(&after).await;
    let second = vpc(&restarted, vpc_from(&pool, 24)).await;
    assert_eq!((kept.cidr_block(), second.cidr_block()), ("10.0.0.0/24", "10.0.1.0/24"));
    let mut vpcs = VpcsServiceClient::new(restarted.channel.clone());
    let away = DeleteVpcRequest { vpc_id: kept.vpc_id, ..Default::default() };
    vpcs.delete_vpc(restarted.ask(away)).await.unwrap();
    assert_eq!(allocations(&restarted, &pool).await.len(), 1);
}
