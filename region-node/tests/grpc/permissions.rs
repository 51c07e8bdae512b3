//! What requests are about, as the gateway is told.

use archipelago_proto::Input;
use archipelago_proto::cluster::v1::permissions_client::PermissionsClient;
use archipelago_proto::cluster::v1::{InvolvedResponse, Subject, SubjectsRequest};
use archipelago_proto::ec2::v1::addresses_service_client::AddressesServiceClient;
use archipelago_proto::ec2::v1::{
    AllocateAddressRequest, AssociateAddressRequest, BlockDeviceMapping, CreateTagsRequest, CreateVolumeRequest,
    DescribeInstancesRequest, DisassociateAddressRequest, EbsBlockDevice, ModifyInstanceAttributeRequest,
    RunInstancesRequest, StopInstancesRequest, Tag, TagSpecification,
};

use crate::support::network::some;
use crate::support::{Sandbox, launch, network};

async fn subjects<I: Input>(sandbox: &Sandbox, input: I) -> Vec<Subject> {
    let question = SubjectsRequest { action: I::ACTION.to_owned(), input: input.encode_to_vec().into() };
    let mut client = PermissionsClient::new(sandbox.channel.clone());
    client.subjects(sandbox.ask(question)).await.unwrap().into_inner().subjects
}

async fn involved<I: Input>(sandbox: &Sandbox, input: I) -> InvolvedResponse {
    let question = SubjectsRequest { action: I::ACTION.to_owned(), input: input.encode_to_vec().into() };
    let mut client = PermissionsClient::new(sandbox.channel.clone());
    client.involved(sandbox.ask(question)).await.unwrap().into_inner()
}

fn zones(involved: &InvolvedResponse) -> Vec<&str> {
    involved.zones.iter().map(|zone| zone.name.as_str()).collect()
}

/// Action and resource of each, without what all ARNs begin with.
fn short(subjects: &[Subject]) -> Vec<(&str, &str)> {
    subjects
        .iter()
        .map(|subject| (subject.action.as_str(), subject.resource.rsplit(':').next().unwrap_or_default()))
        .collect()
}

fn value<'s>(subject: &'s Subject, key: &str) -> Option<&'s str> {
    subject.keys.iter().find(|known| known.name == key).map(|known| known.values[0].as_str())
}

fn tag(key: &str, value: &str) -> Tag {
    Tag { key: some(key), value: some(value) }
}

#[tokio::test]
async fn a_describe_is_about_everything() {
    let sandbox = Sandbox::new().await;
    let subjects = subjects(&sandbox, DescribeInstancesRequest::default()).await;
    assert_eq!(short(&subjects), [("ec2:DescribeInstances", "*")]);
    assert_eq!(value(&subjects[0], "ec2:Region"), Some("us-east-1"));
}

#[tokio::test]
async fn a_launch_is_about_what_it_takes_and_what_it_makes() {
    let sandbox = Sandbox::new().await;
    let request = launch::launch(&sandbox, "t3.micro", 1, 1).await;
    let root = EbsBlockDevice { volume_type: some("io1"), iops: Some(100), ..EbsBlockDevice::default() };
    let tags = TagSpecification { resource_type: some("instance"), tags: vec![tag("team", "blue")] };
    let request = RunInstancesRequest {
        block_device_mappings: vec![BlockDeviceMapping {
            device_name: some("/dev/xvda"),
            ebs: Some(root),
            ..BlockDeviceMapping::default()
        }],
        tag_specifications: vec![tags],
        ..request
    };
    let subjects = subjects(&sandbox, request).await;
    let mut types: Vec<_> =
        short(&subjects).iter().map(|(action, name)| (*action, name.split('/').next().unwrap())).collect();
    types.sort_unstable();
    let run = "ec2:RunInstances";
    let taken = ["image", "instance", "network-interface", "security-group", "subnet", "volume"];
    let mut expected: Vec<_> = taken.iter().map(|kind| (run, *kind)).collect();
    expected.insert(0, ("ec2:CreateTags", "instance"));
    assert_eq!(types, expected);
    let of = |start: &str| subjects.iter().find(|known| known.action == run && known.resource.contains(start)).unwrap();
    assert_eq!(value(of(":volume/*"), "ec2:VolumeIops"), Some("100"));
    assert_eq!(value(of(":instance/*"), "ec2:InstanceType"), Some("t3.micro"));
    assert_eq!(value(of(":instance/*"), "aws:RequestTag/team"), Some("blue"));
    assert_eq!(value(of(":volume/*"), "aws:RequestTag/team"), None);
    assert!(of("image/").resource.starts_with("arn:aws:ec2:us-east-1::image/ami-"));
    assert_eq!(value(of("image/"), "ec2:Owner"), Some("amazon"));
}

#[tokio::test]
async fn a_launch_that_would_fail_is_about_what_it_says() {
    let sandbox = Sandbox::new().await;
    let request = RunInstancesRequest {
        image_id: some("ami-01234567"),
        instance_type: some("t3.micro"),
        min_count: Some(1),
        max_count: Some(1),
        ..RunInstancesRequest::default()
    };
    let subjects = subjects(&sandbox, request).await;
    assert_eq!(short(&subjects), [("ec2:RunInstances", "image/ami-01234567"), ("ec2:RunInstances", "instance/*")]);
    assert_eq!(value(&subjects[1], "ec2:InstanceType"), Some("t3.micro"));
}

#[tokio::test]
async fn a_part_stands_for_what_it_is_a_part_of() {
    let sandbox = Sandbox::new().await;
    let instance = launch::run(&sandbox, launch::launch(&sandbox, "t3.micro", 1, 1).await).await.remove(0);
    let mut addresses = AddressesServiceClient::new(sandbox.channel.clone());
    let allocated =
        addresses.allocate_address(sandbox.ask(AllocateAddressRequest::default())).await.unwrap().into_inner();
    let associate = AssociateAddressRequest {
        allocation_id: allocated.allocation_id.clone(),
        instance_id: instance.instance_id.clone(),
        ..AssociateAddressRequest::default()
    };
    let association = addresses.associate_address(sandbox.ask(associate)).await.unwrap().into_inner().association_id;
    let request = DisassociateAddressRequest { association_id: association, ..DisassociateAddressRequest::default() };
    let subjects = subjects(&sandbox, request).await;
    let name = format!("elastic-ip/{}", allocated.allocation_id());
    assert_eq!(short(&subjects), [("ec2:DisassociateAddress", name.as_str())]);
    assert_eq!(value(&subjects[0], "ec2:PublicIpAddress"), allocated.public_ip.as_deref());
}

#[tokio::test]
async fn tags_attributes_and_new_volumes_are_told() {
    let sandbox = Sandbox::new().await;
    let id = launch::run(&sandbox, launch::launch(&sandbox, "t3.micro", 1, 1).await).await.remove(0).instance_id;
    let tags = vec![tag("team", "blue"), tag("cost", "i-01234567")];
    let asked = subjects(
        &sandbox,
        CreateTagsRequest { resources: id.clone().into_iter().collect(), tags, ..CreateTagsRequest::default() },
    )
    .await;
    assert_eq!(asked.len(), 1, "an id in a tag's value is none");
    assert_eq!(value(&asked[0], "aws:RequestTag/team"), Some("blue"));

    let modify = ModifyInstanceAttributeRequest {
        instance_id: id.clone(),
        attribute: some("instanceType"),
        value: some("t3.large"),
        ..ModifyInstanceAttributeRequest::default()
    };
    let asked = subjects(&sandbox, modify).await;
    assert_eq!(value(&asked[0], "ec2:Attribute/InstanceType"), Some("t3.large"));

    let volume =
        CreateVolumeRequest { availability_zone: some("us-east-1a"), size: Some(8), ..CreateVolumeRequest::default() };
    let asked = subjects(&sandbox, volume).await;
    assert_eq!(short(&asked), [("ec2:CreateVolume", "volume/*")]);
    assert_eq!((value(&asked[0], "ec2:VolumeSize"), value(&asked[0], "ec2:VolumeType")), (Some("8"), Some("gp2")));

    let two = StopInstancesRequest {
        instance_ids: [id.clone(), id].into_iter().flatten().collect(),
        ..StopInstancesRequest::default()
    };
    assert_eq!(subjects(&sandbox, two).await.len(), 1, "what is named twice is one");
}

#[tokio::test]
async fn a_request_concerns_the_zones_that_it_names_and_those_of_what_it_names() {
    let sandbox = Sandbox::new().await;
    let request = launch::request(&sandbox, "t3.micro", "us-east-1b", 1).await;
    assert_eq!(zones(&involved(&sandbox, request.clone()).await), ["us-east-1b"]);
    let instance = launch::run(&sandbox, request.clone()).await.remove(0);
    let by_subnet = RunInstancesRequest { placement: None, subnet_id: instance.subnet_id.clone(), ..request.clone() };
    assert_eq!(zones(&involved(&sandbox, by_subnet).await), ["us-east-1b"]);
    let ids = || instance.instance_id.clone().into_iter().collect();
    let stop = StopInstancesRequest { instance_ids: ids(), ..StopInstancesRequest::default() };
    let stop = involved(&sandbox, stop).await;
    assert_eq!((zones(&stop), stop.zones[0].id.as_str()), (vec!["us-east-1b"], "use1-az2"));
    let describe = DescribeInstancesRequest { instance_ids: ids(), ..DescribeInstancesRequest::default() };
    assert_eq!(zones(&involved(&sandbox, describe).await), ["us-east-1b"]);
    let filters = network::filter("availability-zone", "us-east-1c");
    let describe = DescribeInstancesRequest { filters, ..DescribeInstancesRequest::default() };
    assert_eq!(zones(&involved(&sandbox, describe).await), ["us-east-1c"]);
    assert!(zones(&involved(&sandbox, DescribeInstancesRequest::default()).await).is_empty());
    let anywhere = RunInstancesRequest { placement: None, ..request };
    assert!(zones(&involved(&sandbox, anywhere).await).is_empty());

    let mut addresses = AddressesServiceClient::new(sandbox.channel.clone());
    let allocated =
        addresses.allocate_address(sandbox.ask(AllocateAddressRequest::default())).await.unwrap().into_inner();
    let associate = AssociateAddressRequest {
        allocation_id: allocated.allocation_id,
        instance_id: instance.instance_id,
        ..AssociateAddressRequest::default()
    };
    let association_id = addresses.associate_address(sandbox.ask(associate)).await.unwrap().into_inner().association_id;
    let apart = DisassociateAddressRequest { association_id, ..DisassociateAddressRequest::default() };
    assert_eq!(zones(&involved(&sandbox, apart).await), ["us-east-1b"], "by its association, address and interface");
}

#[tokio::test]
async fn a_request_involves_the_tags_of_what_it_names_and_of_what_it_creates() {
    let sandbox = Sandbox::new().await;
    let tags = TagSpecification { resource_type: some("instance"), tags: vec![tag("team", "blue")] };
    let request = launch::launch(&sandbox, "t3.micro", 1, 1).await;
    let request = RunInstancesRequest { tag_specifications: vec![tags], ..request };
    let told = |involved: InvolvedResponse| {
        involved.tags.into_iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect::<Vec<_>>()
    };
    assert_eq!(told(involved(&sandbox, request.clone()).await), ["team=blue"]);
    let instance_ids: Vec<_> = launch::run(&sandbox, request).await.remove(0).instance_id.into_iter().collect();
    let stop = StopInstancesRequest { instance_ids: instance_ids.clone(), ..StopInstancesRequest::default() };
    assert_eq!(told(involved(&sandbox, stop).await), ["team=blue"]);
    let tag = CreateTagsRequest { resources: instance_ids, tags: vec![tag("team", "red")], ..Default::default() };
    assert_eq!(told(involved(&sandbox, tag).await), ["team=blue"], "as it is, not as it will be");
}
