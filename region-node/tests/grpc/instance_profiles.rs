//! Associations of instances with IAM instance profiles.

use crate::support::launch::{describe, instances, launch, run, terminate};
use crate::support::network::{filter, some};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::{
    AssociateIamInstanceProfileRequest, DescribeIamInstanceProfileAssociationsRequest,
    DisassociateIamInstanceProfileRequest, IamInstanceProfileAssociation, IamInstanceProfileSpecification,
    ReplaceIamInstanceProfileAssociationRequest,
};

#[allow(clippy::unnecessary_wraps)] // As requests have it.
fn profile(name: &str) -> Option<IamInstanceProfileSpecification> {
    Some(IamInstanceProfileSpecification { arn: None, name: some(name) })
}

async fn associations(sandbox: &Sandbox, id: &str) -> Vec<IamInstanceProfileAssociation> {
    let request =
        DescribeIamInstanceProfileAssociationsRequest { filters: filter("instance-id", id), ..Default::default() };
    let found = instances(sandbox).describe_iam_instance_profile_associations(sandbox.ask(request)).await;
    found.unwrap().into_inner().iam_instance_profile_associations
}

#[tokio::test]
async fn an_instance_has_one_association_which_can_be_replaced_and_ended() {
    let sandbox = Sandbox::new().await;
    let mut client = instances(&sandbox);
    let mut request = launch(&sandbox, "t3.micro", 1, 1).await;
    request.iam_instance_profile = profile("web");
    let id = run(&sandbox, request).await.remove(0).instance_id.unwrap();
    let first = associations(&sandbox, &id).await.remove(0);
    assert_eq!(first.state(), "associated");
    assert!(first.iam_instance_profile.as_ref().unwrap().arn().ends_with(":instance-profile/web"));

    let another = AssociateIamInstanceProfileRequest { iam_instance_profile: profile("db"), instance_id: some(&id) };
    assert_eq!(code(client.associate_iam_instance_profile(sandbox.ask(another.clone())).await), "IncorrectState");
    let replace = ReplaceIamInstanceProfileAssociationRequest {
        iam_instance_profile: profile("db"),
        association_id: first.association_id.clone(),
    };
    let replaced = client.replace_iam_instance_profile_association(sandbox.ask(replace.clone())).await.unwrap();
    let second = replaced.into_inner().iam_instance_profile_association.unwrap();
    assert_eq!(second.state(), "associating");
    assert_eq!(
        code(client.replace_iam_instance_profile_association(sandbox.ask(replace)).await),
        "InvalidAssociationID.NotFound"
    );
    let shown = describe(&sandbox, filter("instance-id", &id)).await.remove(0);
    assert!(shown.iam_instance_profile.unwrap().arn().ends_with("/db"));

    let end = DisassociateIamInstanceProfileRequest { association_id: second.association_id };
    let ended = client.disassociate_iam_instance_profile(sandbox.ask(end)).await.unwrap().into_inner();
    assert_eq!(ended.iam_instance_profile_association.unwrap().state(), "disassociating");
    assert!(associations(&sandbox, &id).await.is_empty());
    client.associate_iam_instance_profile(sandbox.ask(another)).await.unwrap();
    terminate(&sandbox, &id).await;
    assert!(associations(&sandbox, &id).await.is_empty());
}
