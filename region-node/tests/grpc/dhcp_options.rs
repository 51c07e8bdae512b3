//! DHCP options over gRPC.

use crate::support::{Sandbox, ask_as, code};
use archipelago_proto::ec2::v1::dhcp_options_service_client::DhcpOptionsServiceClient;
use archipelago_proto::ec2::v1::tags_service_client::TagsServiceClient;
use archipelago_proto::ec2::v1::{
    CreateDhcpOptionsRequest, CreateTagsRequest, DeleteDhcpOptionsRequest, DescribeDhcpOptionsRequest,
    DescribeTagsRequest, Filter, NewDhcpConfiguration, Tag,
};

fn create() -> CreateDhcpOptionsRequest {
    let option = NewDhcpConfiguration { key: Some("domain-name".into()), values: vec!["example.com".into()] };
    CreateDhcpOptionsRequest { dhcp_configurations: vec![option], ..Default::default() }
}

#[tokio::test]
async fn a_set_is_described_as_it_was_created_and_only_to_its_owner() {
    let sandbox = Sandbox::new().await;
    let mut client = DhcpOptionsServiceClient::new(sandbox.channel.clone());
    let created = client.create_dhcp_options(sandbox.ask(create())).await.unwrap().into_inner().dhcp_options.unwrap();

    let filter = Filter { name: Some("value".into()), values: vec!["*.com".into()] };
    let described = DescribeDhcpOptionsRequest { filters: vec![filter], ..Default::default() };
    let found = client.describe_dhcp_options(sandbox.ask(described.clone())).await.unwrap().into_inner();
    assert_eq!(found.dhcp_options, std::slice::from_ref(&created));

    let others = client.describe_dhcp_options(ask_as("111111111111", described)).await.unwrap().into_inner();
    assert!(!others.dhcp_options.contains(&created));
}

#[tokio::test]
async fn a_deleted_set_is_not_found() {
    let sandbox = Sandbox::new().await;
    let mut client = DhcpOptionsServiceClient::new(sandbox.channel.clone());
    let created = client.create_dhcp_options(sandbox.ask(create())).await.unwrap().into_inner().dhcp_options.unwrap();
    let delete = DeleteDhcpOptionsRequest { dhcp_options_id: created.dhcp_options_id, ..Default::default() };
    client.delete_dhcp_options(sandbox.ask(delete.clone())).await.unwrap();
    assert_eq!(code(client.delete_dhcp_options(sandbox.ask(delete)).await), "InvalidDhcpOptionID.NotFound");
}

#[tokio::test]
async fn tags_of_any_kind_are_found_by_describe_tags() {
    let sandbox = Sandbox::new().await;
    let mut client = DhcpOptionsServiceClient::new(sandbox.channel.clone());
    let created = client.create_dhcp_options(sandbox.ask(create())).await.unwrap().into_inner().dhcp_options.unwrap();
    let mut tags = TagsServiceClient::new(sandbox.channel.clone());
    let tag = Tag { key: Some("Name".into()), value: Some("x".into()) };
    let request = CreateTagsRequest {
        resources: vec![created.dhcp_options_id().to_owned()],
        tags: vec![tag],
        ..Default::default()
    };
    tags.create_tags(sandbox.ask(request)).await.unwrap();
    let filter = Filter { name: Some("resource-id".into()), values: vec![created.dhcp_options_id().to_owned()] };
    let request = DescribeTagsRequest { filters: vec![filter], ..Default::default() };
    let found = tags.describe_tags(sandbox.ask(request)).await.unwrap().into_inner().tags;
    assert_eq!((found.len(), found[0].resource_type()), (1, "dhcp-options"));
}
