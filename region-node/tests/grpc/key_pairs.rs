//! Key pairs over gRPC.

use crate::support::{Sandbox, ask_as, code, copy_folder, folder};
use archipelago_proto::ec2::v1::key_pairs_service_client::KeyPairsServiceClient;
use archipelago_proto::ec2::v1::{
    CreateKeyPairRequest, DeleteKeyPairRequest, DescribeKeyPairsRequest, Filter, ImportKeyPairRequest, KeyPair,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tonic::transport::Channel;

/// One RSA key in three forms and an ED25519 key, made with ssh-keygen and openssl, and their fingerprints.
const RSA: &str = include_str!("data/rsa.pub");
const RSA_RFC4716: &str = include_str!("data/rsa.rfc4716");
const RSA_DER: &str = include_str!("data/rsa.der.b64");
const RSA_MD5: &str = "c6:26:5a:17:3a:ea:43:f2:5f:48:5b:3e:1b:36:8c:5b";
const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINZd1UFRCrdZQQ3Fx273QAWljB/HN3T1mpf5y2wOqYjN someone@example";
const ED25519_SHA256: &str = "XmQruMSoRHobglwqidzoRsM1LhmQKXNDMCUv7WzaWJM=";

async fn create(client: &mut KeyPairsServiceClient<Channel>, name: &str, kind: &str, format: &str) -> KeyPair {
    let request = CreateKeyPairRequest {
        key_name: Some(name.into()),
        key_type: Some(kind.into()),
        key_format: Some(format.into()),
        ..Default::default()
    };
    client.create_key_pair(ask_as("000000000000", request)).await.unwrap().into_inner()
}

fn import(name: &str, material: impl Into<Vec<u8>>) -> ImportKeyPairRequest {
    ImportKeyPairRequest {
        key_name: Some(name.into()),
        public_key_material: Some(material.into()),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_created_key_is_described_without_its_private_half() {
    let sandbox = Sandbox::new().await;
    let mut client = KeyPairsServiceClient::new(sandbox.channel.clone());
    let rsa = create(&mut client, "one", "rsa", "pem").await;
    assert!(rsa.key_material().starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert_eq!(rsa.key_fingerprint().len(), 59, "a SHA-1 with colons");
    let ed25519 = create(&mut client, "two", "ed25519", "pem").await;
    assert!(ed25519.key_material().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
    assert_eq!(ed25519.key_fingerprint().len(), 44, "a SHA-256 in base64");

    let request =
        DescribeKeyPairsRequest { key_names: vec!["two".into()], include_public_key: Some(true), ..Default::default() };
    let found = client.describe_key_pairs(sandbox.ask(request)).await.unwrap().into_inner().key_pairs;
    assert_eq!(
        (found.len(), found[0].key_type(), found[0].key_fingerprint()),
        (1, "ed25519", ed25519.key_fingerprint())
    );
    assert!(found[0].public_key().starts_with("ssh-ed25519 AAAA") && found[0].public_key().ends_with(" two"));
    let filters = vec![Filter { name: Some("key-name".into()), values: vec!["o*".into()] }];
    let request = DescribeKeyPairsRequest { filters, ..Default::default() };
    let found = client.describe_key_pairs(sandbox.ask(request)).await.unwrap().into_inner().key_pairs;
    assert_eq!((found.len(), found[0].key_pair_id(), &found[0].public_key), (1, rsa.key_pair_id(), &None));
}

#[tokio::test]
async fn putty_files_are_made_on_request() {
    let sandbox = Sandbox::new().await;
    let mut client = KeyPairsServiceClient::new(sandbox.channel.clone());
    for kind in ["rsa", "ed25519"] {
        let material = create(&mut client, kind, kind, "ppk").await.key_material.unwrap();
        assert!(material.starts_with(&format!("PuTTY-User-Key-File-2: ssh-{kind}\nEncryption: none\n")));
        assert!(material.contains("Private-MAC: "));
    }
}

#[tokio::test]
async fn public_keys_are_taken_in_every_documented_form() {
    let sandbox = Sandbox::new().await;
    let mut client = KeyPairsServiceClient::new(sandbox.channel.clone());
    let der = STANDARD.decode(RSA_DER.replace('\n', "")).unwrap();
    let forms: [Vec<u8>; 5] = [RSA.into(), STANDARD.encode(RSA).into(), RSA_RFC4716.into(), RSA_DER.into(), der];
    for (name, form) in forms.into_iter().enumerate() {
        let outcome = client.import_key_pair(sandbox.ask(import(&name.to_string(), form))).await;
        assert_eq!(outcome.unwrap().into_inner().key_fingerprint(), RSA_MD5, "form {name}");
    }
    let imported = client.import_key_pair(sandbox.ask(import("ed", ED25519))).await.unwrap().into_inner();
    assert_eq!(imported.key_fingerprint(), ED25519_SHA256);
    for wrong in ["hello", "ssh-rsa AAAA", ""] {
        let code = code(client.import_key_pair(sandbox.ask(import("wrong", wrong))).await);
        assert_eq!(code, if wrong.is_empty() { "MissingParameter" } else { "InvalidKey.Format" });
    }
}

#[tokio::test]
async fn names_are_unique_in_an_account_until_the_key_pair_is_deleted() {
    let sandbox = Sandbox::new().await;
    let mut client = KeyPairsServiceClient::new(sandbox.channel.clone());
    client.import_key_pair(sandbox.ask(import("k", ED25519))).await.unwrap();
    assert_eq!(code(client.import_key_pair(sandbox.ask(import("k", ED25519))).await), "InvalidKeyPair.Duplicate");
    client.import_key_pair(ask_as("111111111111", import("k", ED25519))).await.unwrap();

    let delete = DeleteKeyPairRequest { key_name: Some("k".into()), ..Default::default() };
    let gone = client.delete_key_pair(sandbox.ask(delete.clone())).await.unwrap().into_inner();
    assert!(gone.key_pair_id.is_some());
    let again = client.delete_key_pair(sandbox.ask(delete)).await.unwrap().into_inner();
    assert_eq!((again.r#return, again.key_pair_id), (Some(true), None), "deleting is idempotent");
    let describe = DescribeKeyPairsRequest { key_names: vec!["k".into()], ..Default::default() };
    assert_eq!(code(client.describe_key_pairs(sandbox.ask(describe)).await), "InvalidKeyPair.NotFound");
    client.import_key_pair(sandbox.ask(import("k", ED25519))).await.unwrap();
}

#[tokio::test]
async fn names_stay_taken_over_a_restart() {
    let (before, after) = (folder("key-pairs-before"), folder("key-pairs-after"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&before).unwrap()).await;
    let mut client = KeyPairsServiceClient::new(sandbox.channel.clone());
    client.import_key_pair(sandbox.ask(import("k", ED25519))).await.unwrap();
    // What is on the disk at this moment is what a killed process would leave.
    copy_folder(&before, &after);

    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&after).unwrap()).await;
    sandbox.region.shell.ids.number(); // The seed is the same: the next id must not be.
    let mut client = KeyPairsServiceClient::new(sandbox.channel.clone());
    assert_eq!(code(client.import_key_pair(sandbox.ask(import("k", ED25519))).await), "InvalidKeyPair.Duplicate");
}
