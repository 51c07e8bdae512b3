//! Where something is copied from: this region itself, or another's node.

use std::sync::Arc;
use std::time::Duration;

use archipelago_proto::cluster::v1::peer_client::PeerClient;
use archipelago_proto::cluster::v1::snapshot_part::Part;
use archipelago_proto::cluster::v1::{ExportImageRequest, ExportSnapshotRequest, SnapshotPart};
use archipelago_proto::ec2::v1::{Image, Snapshot};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;
use tonic::transport::Channel;
use tonic::{Request, Streaming};

use super::line;
use crate::Region;
use crate::families::snapshots::Content;
use crate::families::{images, snapshots};

/// A peer that says nothing for this long counts as down.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) enum Source {
    Here(Arc<Region>),
    There(Box<There>),
}

pub(crate) struct There {
    client: PeerClient<Channel>,
    region: Arc<Region>,
}

/// A snapshot that may be copied.
pub(crate) struct Exported {
    pub(crate) snapshot: Snapshot,
    pub(crate) content: Content,
    /// Why the copy will fail all the same.
    pub(crate) refusal: Option<String>,
}

impl Source {
    pub(crate) async fn of(region: &Arc<Region>, name: &str) -> Ec2Result<Self> {
        if name == region.facts.name {
            return Ok(Self::Here(Arc::clone(region)));
        }
        let channel = in_time(line::channel(region, name)).await?;
        let client = PeerClient::new(channel).max_decoding_message_size(usize::MAX);
        Ok(Self::There(Box::new(There { client, region: Arc::clone(region) })))
    }

    /// The snapshot, if the account may copy it: by itself, or as part of an image. `url` is the presigned one, or empty.
    pub(crate) async fn snapshot(&self, account: &str, id: &str, image_id: &str, url: &str) -> Ec2Result<Exported> {
        match self {
            Self::Here(region) => {
                let snapshot =
                    snapshots::exportable(region, account, id, images::shares(region, account, image_id, id))?;
                Ok(Exported {
                    snapshot: snapshot.state.public.clone(),
                    content: snapshot.state.content(),
                    refusal: snapshots::refusal(region, account, &snapshot, url),
                })
            }
            Self::There(there) => {
                let request = ExportSnapshotRequest {
                    describe_only: true,
                    presigned_url: url.to_owned(),
                    ..request(account, id, image_id)
                };
                in_time(there.describe(account, request)).await
            }
        }
    }

    /// The checksums of a run of blocks.
    pub(crate) async fn blocks(
        &self,
        account: &str,
        id: &str,
        image_id: &str,
        first: u64,
        most: u64,
    ) -> Ec2Result<Vec<u64>> {
        match self {
            Self::Here(region) => {
                let snapshot =
                    snapshots::exportable(region, account, id, images::shares(region, account, image_id, id))?;
                let content = snapshot.state.content();
                Ok(content.checksums(first..content.blocks().min(first + most)))
            }
            Self::There(there) => {
                let request =
                    ExportSnapshotRequest { first_block: first, most_blocks: most, ..request(account, id, image_id) };
                in_time(there.blocks(account, request, first)).await
            }
        }
    }

    /// The image, if the account may copy it.
    pub(crate) async fn image(&self, account: &str, id: &str) -> Ec2Result<Image> {
        match self {
            Self::Here(region) => images::exportable(region, account, id),
            Self::There(there) => {
                let request = ExportImageRequest { account: account.to_owned(), image_id: id.to_owned() };
                let mut client = there.client.clone();
                let answer = in_time(async { Ok(client.export_image(there.request(account, request)).await?) }).await?;
                Image::decode(answer.into_inner().image).map_err(|_| Ec2Error::internal())
            }
        }
    }
}

fn request(account: &str, snapshot_id: &str, image_id: &str) -> ExportSnapshotRequest {
    ExportSnapshotRequest {
        account: account.to_owned(),
        snapshot_id: snapshot_id.to_owned(),
        image_id: image_id.to_owned(),
        ..ExportSnapshotRequest::default()
    }
}

impl There {
    fn request<T>(&self, account: &str, message: T) -> Request<T> {
        line::request(&self.region, account, message)
    }

    async fn parts(&self, account: &str, request: ExportSnapshotRequest) -> Ec2Result<Streaming<SnapshotPart>> {
        let mut client = self.client.clone();
        Ok(client.export_snapshot(self.request(account, request)).await?.into_inner())
    }

    async fn describe(&self, account: &str, request: ExportSnapshotRequest) -> Ec2Result<Exported> {
        let mut parts = self.parts(account, request).await?;
        let Some(SnapshotPart { part: Some(Part::Description(description)) }) = parts.message().await? else {
            return Err(Ec2Error::internal());
        };
        let snapshot = Snapshot::decode(description.snapshot).map_err(|_| Ec2Error::internal())?;
        let gib = u64::try_from(snapshot.volume_size()).unwrap_or_default();
        let refusal = Some(description.refusal).filter(|refusal| !refusal.is_empty());
        Ok(Exported { content: Content { seed: description.seed, gib }, snapshot, refusal })
    }

    async fn blocks(&self, account: &str, request: ExportSnapshotRequest, first: u64) -> Ec2Result<Vec<u64>> {
        let mut parts = self.parts(account, request).await?;
        let mut checksums = Vec::new();
        while let Some(part) = parts.message().await? {
            if let Some(Part::Blocks(blocks)) = part.part {
                if blocks.first != first + checksums.len() as u64 {
                    return Err(Ec2Error::internal());
                }
                checksums.extend(blocks.checksums);
            }
        }
        Ok(checksums)
    }
}

/// A peer that hangs is as good as one that is down.
async fn in_time<T>(answer: impl Future<Output = Ec2Result<T>>) -> Ec2Result<T> {
    let late = || Ec2Error::unavailable("The source region did not answer in time. Please try again.");
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(late()))
}
