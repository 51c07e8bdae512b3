//! Launch templates over gRPC.

use crate::support::network::{filter, some};
use crate::support::{Sandbox, code, copy_folder, folder};
use archipelago_proto::ec2::v1::instances_service_client::InstancesServiceClient;
use archipelago_proto::ec2::v1::launch_templates_service_client::LaunchTemplatesServiceClient;
use archipelago_proto::ec2::v1::{
    CreateLaunchTemplateRequest, CreateLaunchTemplateVersionRequest, DeleteLaunchTemplateRequest,
    DeleteLaunchTemplateVersionsRequest, DescribeInstancesRequest, DescribeLaunchTemplateVersionsRequest,
    DescribeLaunchTemplatesRequest, GetLaunchTemplateDataRequest, LaunchTemplateSpecification,
    LaunchTemplateTagSpecificationRequest, LaunchTemplateVersion, ModifyLaunchTemplateRequest,
    RequestLaunchTemplateData, RunInstancesRequest, Tag,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

type Client = LaunchTemplatesServiceClient<Channel>;

async fn world() -> (Sandbox, Client, String) {
    let sandbox = Sandbox::new().await;
    let client = Client::new(sandbox.channel.clone());
    let image = crate::support::launch::image(&sandbox).await;
    (sandbox, client, image)
}

fn create(name: &str, image: &str) -> CreateLaunchTemplateRequest {
    let tags = vec![Tag { key: some("team"), value: some("a") }];
    let data = RequestLaunchTemplateData {
        image_id: some(image),
        instance_type: some("t3.micro"),
        tag_specifications: vec![LaunchTemplateTagSpecificationRequest { resource_type: some("instance"), tags }],
        ..Default::default()
    };
    CreateLaunchTemplateRequest {
        launch_template_name: some(name),
        version_description: some("first"),
        launch_template_data: Some(data),
        ..Default::default()
    }
}

async fn template(sandbox: &Sandbox, client: &mut Client, name: &str, image: &str) -> String {
    let created = client.create_launch_template(sandbox.ask(create(name, image))).await.unwrap().into_inner();
    assert_eq!(created.warning, None);
    created.launch_template.unwrap().launch_template_id.unwrap()
}

async fn add(
    sandbox: &Sandbox,
    client: &mut Client,
    id: &str,
    data: RequestLaunchTemplateData,
) -> LaunchTemplateVersion {
    let request = CreateLaunchTemplateVersionRequest {
        launch_template_id: some(id),
        source_version: some("1"),
        launch_template_data: Some(data),
        ..Default::default()
    };
    let created = client.create_launch_template_version(sandbox.ask(request)).await.unwrap().into_inner();
    created.launch_template_version.unwrap()
}

async fn numbers(sandbox: &Sandbox, client: &mut Client, request: DescribeLaunchTemplateVersionsRequest) -> Vec<i64> {
    let found = client.describe_launch_template_versions(sandbox.ask(request)).await.unwrap().into_inner();
    found.launch_template_versions.iter().map(LaunchTemplateVersion::version_number).collect()
}

#[tokio::test]
async fn a_version_begins_with_its_source_and_versions_are_told_newest_first() {
    let (sandbox, mut client, image) = world().await;
    let id = template(&sandbox, &mut client, "web", &image).await;
    let data = RequestLaunchTemplateData { instance_type: some("t3.small"), ..Default::default() };
    let second = add(&sandbox, &mut client, &id, data.clone()).await;
    let merged = second.launch_template_data.as_ref().unwrap();
    assert_eq!((second.version_number(), merged.instance_type(), merged.image_id()), (2, "t3.small", image.as_str()));
    assert!(!second.default_version());
    add(&sandbox, &mut client, &id, data).await;

    let of = |min: Option<&str>, max: Option<&str>, versions: &[&str]| DescribeLaunchTemplateVersionsRequest {
        launch_template_id: some(&id),
        min_version: min.map(str::to_owned),
        max_version: max.map(str::to_owned),
        versions: versions.iter().map(|version| (*version).to_owned()).collect(),
        ..Default::default()
    };
    assert_eq!(numbers(&sandbox, &mut client, of(None, None, &[])).await, [3, 2, 1]);
    assert_eq!(numbers(&sandbox, &mut client, of(Some("2"), None, &[])).await, [3, 2]);
    assert_eq!(numbers(&sandbox, &mut client, of(None, Some("2"), &[])).await, [2, 1]);
    assert_eq!(numbers(&sandbox, &mut client, of(None, None, &["$Default", "$Latest"])).await, [3, 1]);
    let unknown = client.describe_launch_template_versions(sandbox.ask(of(None, None, &["7"]))).await;
    assert_eq!(code(unknown), "InvalidLaunchTemplateId.VersionNotFound");

    let every = DescribeLaunchTemplateVersionsRequest { versions: vec!["$Latest".into()], ..Default::default() };
    assert_eq!(numbers(&sandbox, &mut client, every).await, [3]);
    let mut page = DescribeLaunchTemplateVersionsRequest { max_results: Some(2), ..of(None, None, &[]) };
    let first = client.describe_launch_template_versions(sandbox.ask(page.clone())).await.unwrap().into_inner();
    page.next_token = first.next_token;
    assert_eq!(numbers(&sandbox, &mut client, page).await, [1]);
}

#[tokio::test]
async fn a_name_is_unique_also_after_a_restart() {
    let (path, crashed) = (folder("launch-templates"), folder("launch-templates-crashed"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&path).unwrap()).await;
    let image = crate::support::launch::image(&sandbox).await;
    template(&sandbox, &mut Client::new(sandbox.channel.clone()), "web", &image).await;
    copy_folder(&path, &crashed);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&crashed).unwrap()).await;
    let mut client = Client::new(sandbox.channel.clone());
    let taken = client.create_launch_template(sandbox.ask(create("web", &image))).await;
    assert_eq!(code(taken), "InvalidLaunchTemplateName.AlreadyExistsException");
    let delete = DeleteLaunchTemplateRequest { launch_template_name: some("web"), ..Default::default() };
    client.delete_launch_template(sandbox.ask(delete)).await.unwrap();
    template(&sandbox, &mut client, "web", &image).await;
    let named = DescribeLaunchTemplatesRequest { launch_template_names: vec!["nobody".into()], ..Default::default() };
    let unknown = client.describe_launch_templates(sandbox.ask(named)).await;
    assert_eq!(code(unknown), "InvalidLaunchTemplateName.NotFoundException");
}

#[tokio::test]
async fn versions_are_deleted_one_by_one_but_not_the_default() {
    let (sandbox, mut client, image) = world().await;
    let id = template(&sandbox, &mut client, "web", &image).await;
    let data = RequestLaunchTemplateData { instance_type: some("t3.small"), ..Default::default() };
    add(&sandbox, &mut client, &id, data.clone()).await;
    let default =
        ModifyLaunchTemplateRequest { launch_template_id: some(&id), default_version: some("2"), ..Default::default() };
    let modified = client.modify_launch_template(sandbox.ask(default)).await.unwrap().into_inner();
    assert_eq!(modified.launch_template.unwrap().default_version_number(), 2);
    let delete = DeleteLaunchTemplateVersionsRequest {
        launch_template_id: some(&id),
        versions: vec!["1".into(), "2".into(), "9".into()],
        ..Default::default()
    };
    let deleted = client.delete_launch_template_versions(sandbox.ask(delete)).await.unwrap().into_inner();
    assert_eq!(deleted.successfully_deleted_launch_template_versions[0].version_number(), 1);
    let kept = &deleted.unsuccessfully_deleted_launch_template_versions;
    let codes: Vec<_> = kept.iter().map(|kept| kept.response_error.as_ref().unwrap().code()).collect();
    assert_eq!(codes, ["unexpectedError", "launchTemplateVersionDoesNotExist"]);
    let source = CreateLaunchTemplateVersionRequest {
        launch_template_id: some(&id),
        source_version: some("$Latest"),
        launch_template_data: Some(data),
        ..Default::default()
    };
    let next = client.create_launch_template_version(sandbox.ask(source)).await.unwrap().into_inner();
    assert_eq!(next.launch_template_version.unwrap().version_number(), 3, "a number is not used again");
}

#[tokio::test]
async fn a_launch_takes_from_its_template_what_it_does_not_say_itself() {
    let (sandbox, mut client, image) = world().await;
    let id = template(&sandbox, &mut client, "web", &image).await;
    let mut instances = InstancesServiceClient::new(sandbox.channel.clone());
    let specification = LaunchTemplateSpecification { launch_template_id: some(&id), ..Default::default() };
    let request = RunInstancesRequest {
        launch_template: Some(specification),
        instance_type: some("t3.nano"),
        min_count: Some(1),
        max_count: Some(1),
        ..Default::default()
    };
    let launched = instances.run_instances(sandbox.ask(request)).await.unwrap().into_inner().instances.remove(0);
    assert_eq!((launched.image_id(), launched.instance_type()), (image.as_str(), "t3.nano"));
    let tag = |key: &str| launched.tags.iter().find(|tag| tag.key() == key).map(|tag| tag.value().to_owned());
    assert_eq!(tag("team"), some("a"));
    assert_eq!(tag("aws:ec2launchtemplate:id"), some(&id));
    assert_eq!(tag("aws:ec2launchtemplate:version"), some("1"));
    let filters = filter("tag:aws:ec2launchtemplate:id", &id);
    let described = DescribeInstancesRequest { filters, ..Default::default() };
    let found = instances.describe_instances(sandbox.ask(described)).await.unwrap().into_inner();
    assert_eq!(found.reservations.len(), 1);

    let request = GetLaunchTemplateDataRequest { instance_id: launched.instance_id.clone(), ..Default::default() };
    let data = instances.get_launch_template_data(sandbox.ask(request)).await.unwrap().into_inner();
    let data = data.launch_template_data.unwrap();
    assert_eq!((data.image_id(), data.instance_type()), (image.as_str(), "t3.nano"));
    assert_eq!(data.tag_specifications[0].tags.len(), 1, "AWS's own tags are not repeated");
    assert_eq!(data.block_device_mappings.len(), 1);
}

#[tokio::test]
async fn what_a_template_names_and_is_not_there_is_a_warning() {
    let (sandbox, mut client, _) = world().await;
    let request = create("web", "ami-0123456789abcdef0");
    let created = client.create_launch_template(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(created.warning.unwrap().errors[0].code(), "InvalidAMIID.NotFound");
    let mut request = create("bad", "ami-0123456789abcdef0");
    request.launch_template_data.as_mut().unwrap().user_data = some("%%%");
    assert_eq!(code(client.create_launch_template(sandbox.ask(request)).await), "InvalidUserData.Malformed");
    let request = create("no spaces", "ami-0123456789abcdef0");
    let refused = client.create_launch_template(sandbox.ask(request)).await;
    assert_eq!(code(refused), "InvalidLaunchTemplateName.MalformedException");
}
