//! What other regions' nodes may have from this one.

use std::pin::Pin;
use std::sync::Arc;

use archipelago_proto::cluster::v1::peer_server::Peer;
use archipelago_proto::cluster::v1::snapshot_part::Part;
use archipelago_proto::cluster::v1::{
    Agreement, ExportImageRequest, ExportImageResponse, ExportSnapshotRequest, SnapshotBlocks, SnapshotDescription,
    SnapshotPart, Stage,
};
use archipelago_proto::{Ec2Error, trace};
use futures::Stream;
use prost::Message as _;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use super::line;
use crate::Region;
use crate::families::{images, snapshots, transit_gateways, vpc_peering};

/// Checksums in one part of a stream.
const BLOCKS_IN_PART: u64 = 1024;

pub(crate) struct Exporter(pub(crate) Arc<Region>);

#[tonic::async_trait]
impl Peer for Exporter {
    type ExportSnapshotStream = Pin<Box<dyn Stream<Item = Result<SnapshotPart, Status>> + Send>>;

    async fn export_snapshot(
        &self,
        request: Request<ExportSnapshotRequest>,
    ) -> Result<Response<Self::ExportSnapshotStream>, Status> {
        line::check(&self.0, request.metadata())?;
        let span = tracing::info_span!("export_snapshot", snapshot = request.get_ref().snapshot_id);
        trace::continue_from(&span, request.metadata());
        let _entered = span.entered();
        let request = request.into_inner();
        let (account, id) = (&request.account, &request.snapshot_id);
        let by_image = images::shares(&self.0, account, &request.image_id, id);
        let snapshot = snapshots::exportable(&self.0, account, id, by_image)?;
        let refusal = snapshots::refusal(&self.0, account, &snapshot, &request.presigned_url);
        if let Some(refusal) = refusal.as_ref().filter(|_| !request.describe_only) {
            return Err(Ec2Error::new("UnauthorizedOperation", refusal).into());
        }
        let content = snapshot.state.content();
        let description = Part::Description(SnapshotDescription {
            snapshot: snapshot.state.public.encode_to_vec().into(),
            blocks: content.blocks(),
            seed: content.seed,
            refusal: refusal.unwrap_or_default(),
        });
        let first = request.first_block.min(content.blocks());
        let end = match request.most_blocks {
            _ if request.describe_only => first,
            0 => content.blocks(),
            most => content.blocks().min(first.saturating_add(most)),
        };
        let step = usize::try_from(BLOCKS_IN_PART).unwrap_or(usize::MAX);
        let runs = (first..end).step_by(step).map(move |from| {
            let checksums = content.checksums(from..end.min(from + BLOCKS_IN_PART));
            Part::Blocks(SnapshotBlocks { first: from, checksums })
        });
        let parts = std::iter::once(description).chain(runs).map(|part| Ok(SnapshotPart { part: Some(part) }));
        Ok(Response::new(Box::pin(futures::stream::iter(parts))))
    }

    async fn agree(&self, request: Request<Agreement>) -> Result<Response<Agreement>, Status> {
        line::check(&self.0, request.metadata())?;
        let span = tracing::info_span!("agree", id = request.get_ref().id);
        trace::continue_from(&span, request.metadata());
        let told = request.into_inner();
        let answer = async {
            match told.kind.as_str() {
                // Whether this side listens at all.
                _ if told.stage() == Stage::Unspecified => Ok(told),
                vpc_peering::KIND => vpc_peering::hear(&self.0, told).await,
                transit_gateways::PEERING => transit_gateways::hear(&self.0, told).await,
                other => Err(Ec2Error::unsupported(format!("This region agrees on no {other}."))),
            }
        };
        Ok(Response::new(answer.instrument(span).await?))
    }

    async fn export_image(
        &self,
        request: Request<ExportImageRequest>,
    ) -> Result<Response<ExportImageResponse>, Status> {
        line::check(&self.0, request.metadata())?;
        let span = tracing::info_span!("export_image", image = request.get_ref().image_id);
        trace::continue_from(&span, request.metadata());
        let _entered = span.entered();
        let request = request.into_inner();
        let image = images::exportable(&self.0, &request.account, &request.image_id)?;
        Ok(Response::new(ExportImageResponse { image: image.encode_to_vec().into() }))
    }
}
