//! EBS settings over gRPC.

use crate::support::{Sandbox, ask_as, code};
use archipelago_proto::ec2::v1::ebs_settings_service_client::EbsSettingsServiceClient;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_proto::ec2::v1::{
    CreateVolumeRequest, EnableEbsEncryptionByDefaultRequest, GetEbsDefaultKmsKeyIdRequest,
    GetEbsEncryptionByDefaultRequest, ModifyEbsDefaultKmsKeyIdRequest, ResetEbsDefaultKmsKeyIdRequest,
};

#[tokio::test]
async fn volumes_are_encrypted_by_default_where_the_account_says_so() {
    let sandbox = Sandbox::new().await;
    let mut settings = EbsSettingsServiceClient::new(sandbox.channel.clone());
    settings
        .enable_ebs_encryption_by_default(sandbox.ask(EnableEbsEncryptionByDefaultRequest::default()))
        .await
        .unwrap();
    let key = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let modify = ModifyEbsDefaultKmsKeyIdRequest { kms_key_id: Some(key.into()), ..Default::default() };
    settings.modify_ebs_default_kms_key_id(sandbox.ask(modify)).await.unwrap();

    let mut volumes = VolumesServiceClient::new(sandbox.channel.clone());
    let request =
        CreateVolumeRequest { availability_zone: Some("us-east-1a".into()), size: Some(1), ..Default::default() };
    let volume = volumes.create_volume(sandbox.ask(request.clone())).await.unwrap().into_inner();
    assert_eq!((volume.encrypted(), volume.kms_key_id()), (true, key));
    let others = volumes.create_volume(ask_as("111111111111", request)).await.unwrap().into_inner();
    assert!(!others.encrypted());

    let get = GetEbsEncryptionByDefaultRequest::default();
    let seen = settings.get_ebs_encryption_by_default(sandbox.ask(get)).await.unwrap().into_inner();
    assert_eq!(seen.ebs_encryption_by_default, Some(true));
}

#[tokio::test]
async fn the_default_key_is_that_of_aws_until_another_is_set() {
    let sandbox = Sandbox::new().await;
    let mut settings = EbsSettingsServiceClient::new(sandbox.channel.clone());
    let elsewhere = "arn:aws:kms:eu-west-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let modify = ModifyEbsDefaultKmsKeyIdRequest { kms_key_id: Some(elsewhere.into()), ..Default::default() };
    assert_eq!(code(settings.modify_ebs_default_kms_key_id(sandbox.ask(modify)).await), "InvalidParameterValue");
    let modify = ModifyEbsDefaultKmsKeyIdRequest { kms_key_id: Some("alias/mine".into()), ..Default::default() };
    settings.modify_ebs_default_kms_key_id(sandbox.ask(modify)).await.unwrap();
    settings.reset_ebs_default_kms_key_id(sandbox.ask(ResetEbsDefaultKmsKeyIdRequest::default())).await.unwrap();
    let get = GetEbsDefaultKmsKeyIdRequest::default();
    let seen = settings.get_ebs_default_kms_key_id(sandbox.ask(get)).await.unwrap().into_inner();
    assert_eq!(seen.kms_key_id(), "alias/aws/ebs");
}
