//! Network ACLs over gRPC.

use crate::support::network::{filter, some, subnet, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::network_acls_service_client::NetworkAclsServiceClient;
use archipelago_proto::ec2::v1::{
    CreateNetworkAclEntryRequest, CreateNetworkAclRequest, DeleteNetworkAclEntryRequest, DeleteNetworkAclRequest,
    DescribeNetworkAclsRequest, NetworkAcl, PortRange, ReplaceNetworkAclAssociationRequest, Vpc,
};
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> NetworkAclsServiceClient<Channel> {
    NetworkAclsServiceClient::new(sandbox.channel.clone())
}

async fn acl(sandbox: &Sandbox, vpc: &Vpc) -> NetworkAcl {
    let input = CreateNetworkAclRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    client(sandbox).create_network_acl(sandbox.ask(input)).await.unwrap().into_inner().network_acl.unwrap()
}

async fn acls(sandbox: &Sandbox, name: &str, value: &str) -> Vec<NetworkAcl> {
    let input = DescribeNetworkAclsRequest { filters: filter(name, value), ..Default::default() };
    client(sandbox).describe_network_acls(sandbox.ask(input)).await.unwrap().into_inner().network_acls
}

#[tokio::test]
async fn a_new_acl_denies_everything_and_entries_come_and_go() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let made = acl(&sandbox, &vpc).await;
    let numbers = |acl: &NetworkAcl| acl.entries.iter().map(|e| (e.egress(), e.rule_number())).collect::<Vec<_>>();
    let last = [(true, 32_767), (true, 32_768), (false, 32_767), (false, 32_768)];
    assert_eq!(numbers(&made), last);
    let entry = CreateNetworkAclEntryRequest {
        network_acl_id: made.network_acl_id.clone(),
        rule_number: Some(100),
        protocol: some("tcp"),
        rule_action: some("allow"),
        egress: Some(false),
        cidr_block: some("10.0.0.0/8"),
        port_range: Some(PortRange { from: Some(22), to: Some(22) }),
        ..Default::default()
    };
    client(&sandbox).create_network_acl_entry(sandbox.ask(entry.clone())).await.unwrap();
    let outcome = client(&sandbox).create_network_acl_entry(sandbox.ask(entry)).await;
    assert_eq!(code(outcome), "NetworkAclEntryAlreadyExists");
    let found = acls(&sandbox, "entry.protocol", "tcp").await;
    assert_eq!((found.len(), found[0].entries[2].protocol()), (1, "6"));
    let delete = DeleteNetworkAclEntryRequest {
        network_acl_id: made.network_acl_id.clone(),
        rule_number: Some(100),
        egress: Some(false),
        ..Default::default()
    };
    client(&sandbox).delete_network_acl_entry(sandbox.ask(delete.clone())).await.unwrap();
    let outcome = client(&sandbox).delete_network_acl_entry(sandbox.ask(delete)).await;
    assert_eq!(code(outcome), "InvalidNetworkAclEntry.NotFound");
}

#[tokio::test]
async fn a_subnet_moves_from_the_default_acl_to_another() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (made, other) = (subnet(&sandbox, &vpc, "10.0.0.0/24").await, acl(&sandbox, &vpc).await);
    let default = acls(&sandbox, "association.subnet-id", made.subnet_id()).await.remove(0);
    assert!(default.is_default());
    let delete =
        |acl: &NetworkAcl| DeleteNetworkAclRequest { network_acl_id: acl.network_acl_id.clone(), ..Default::default() };
    assert_eq!(code(client(&sandbox).delete_network_acl(sandbox.ask(delete(&default))).await), "InvalidParameterValue");
    let replace = ReplaceNetworkAclAssociationRequest {
        association_id: default.associations[0].network_acl_association_id.clone(),
        network_acl_id: other.network_acl_id.clone(),
        ..Default::default()
    };
    client(&sandbox).replace_network_acl_association(sandbox.ask(replace.clone())).await.unwrap();
    let stale = client(&sandbox).replace_network_acl_association(sandbox.ask(replace)).await;
    assert_eq!(code(stale), "InvalidAssociationID.NotFound");
    let found = acls(&sandbox, "association.subnet-id", made.subnet_id()).await;
    assert_eq!(found[0].network_acl_id, other.network_acl_id);
    assert_eq!(code(client(&sandbox).delete_network_acl(sandbox.ask(delete(&other))).await), "DependencyViolation");
}
