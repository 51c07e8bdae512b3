//! Client tokens over gRPC.

use crate::support::{Sandbox, code, copy_folder, folder};
use archipelago_proto::ec2::v1::CreateVolumeRequest;
use archipelago_proto::ec2::v1::volumes_service_client::VolumesServiceClient;
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;

const HOUR: i64 = 3_600_000;

fn request(size: i32, token: &str) -> CreateVolumeRequest {
    CreateVolumeRequest {
        availability_zone: Some("us-east-1a".into()),
        size: Some(size),
        client_token: Some(token.into()),
        ..CreateVolumeRequest::default()
    }
}

async fn create(sandbox: &Sandbox, token: &str) -> String {
    let mut client = VolumesServiceClient::new(sandbox.channel.clone());
    client.create_volume(sandbox.ask(request(1, token))).await.unwrap().into_inner().volume_id.unwrap()
}

#[tokio::test]
async fn a_token_stands_for_its_answer_until_it_expires_and_is_forgotten_then() {
    let sandbox = Sandbox::new().await;
    let first = create(&sandbox, "a").await;
    sandbox.region.advance(24 * HOUR).await;
    assert_eq!(create(&sandbox, "a").await, first);
    create(&sandbox, "b").await;
    sandbox.region.tidy().await;
    assert_eq!(sandbox.region.tokens.count(), 2);
    sandbox.region.advance(25 * HOUR).await;
    sandbox.region.tidy().await;
    assert_eq!(sandbox.region.tokens.count(), 1);
    assert_ne!(create(&sandbox, "a").await, first);
}

#[tokio::test]
async fn a_token_of_a_refused_request_is_forgotten_too() {
    let sandbox = Sandbox::new().await;
    let mut client = VolumesServiceClient::new(sandbox.channel.clone());
    let refused = client.create_volume(sandbox.ask(request(-1, "a"))).await;
    assert_eq!(code(refused), "InvalidParameterValue");
    sandbox.region.advance(49 * HOUR).await;
    sandbox.region.tidy().await;
    assert_eq!(sandbox.region.tokens.count(), 0);
}

#[tokio::test]
async fn what_has_expired_is_gone_from_the_store() {
    let (before, after) = (folder("tokens-before"), folder("tokens-after"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&before).unwrap()).await;
    create(&sandbox, "old").await;
    sandbox.region.advance(47 * HOUR).await;
    create(&sandbox, "new").await;
    sandbox.region.advance(2 * HOUR).await;
    sandbox.region.tidy().await;
    copy_folder(&before, &after);
    let again = Sandbox::with(Lifecycle::instant(), Store::open(&after).unwrap()).await;
    assert_eq!(again.region.tokens.count(), 1);
    // And those that come back expire in their turn.
    again.region.advance(100 * HOUR).await;
    again.region.tidy().await;
    assert_eq!(again.region.tokens.count(), 0);
}
