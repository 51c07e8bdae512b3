//! Out of the cluster.

use std::sync::Arc;

use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::world_client::WorldClient;
use archipelago_proto::cluster::v1::world_part::Part;
use archipelago_proto::cluster::v1::{ExportRequest, WorldEnd, WorldHeader, WorldPart};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Streaming};

use super::{FORMAT, file};
use crate::access::People;
use crate::pipeline::Pipeline;
use crate::truncated::BrokenOff;

/// Parts on their way to a client that takes its time.
const WAITING: usize = 4;

type Sink = mpsc::Sender<Result<Bytes, BrokenOff>>;

/// The body that is sent. Every region takes its moment before the first part goes out.
pub(crate) async fn export(pipeline: &Arc<Pipeline>) -> Result<UnsyncBoxBody<Bytes, BrokenOff>, Ec2Error> {
    let forwarder = &pipeline.forwarder;
    let regions = forwarder.known().into_iter().map(|region| async move {
        let request = Request::new(ExportRequest {});
        let export = forwarder.send_patiently(&region, request, |channel, request| async {
            let client = WorldClient::new(channel).max_decoding_message_size(usize::MAX);
            { client }.export(request).await.map(tonic::Response::into_inner)
        });
        export.await
    });
    let regions = futures::future::try_join_all(regions).await?;
    let people = People { keys: pipeline.keyring.keys(), identities: pipeline.guard.identities() };
    let people = people.write().map_err(|_| Ec2Error::internal())?;
    let (sink, parts) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        if let Err(Lost) = write(&sink, regions, people).await {
            let _ = sink.send(Err(BrokenOff)).await;
        }
    });
    let frames = ReceiverStream::new(parts).map_ok(Frame::data);
    Ok(StreamBody::new(frames.boxed()).boxed_unsync())
}

/// A node or the client has gone.
struct Lost;

async fn write(sink: &Sink, regions: Vec<Streaming<WorldPart>>, people: Vec<u8>) -> Result<(), Lost> {
    let send = async |part| sink.send(Ok(file::encode(part))).await.map_err(|_| Lost);
    send(Part::Header(WorldHeader { format: FORMAT, version: env!("CARGO_PKG_VERSION").to_owned() })).await?;
    let mut end = WorldEnd { records: 0 };
    for mut region in regions {
        while let Some(part) = region.message().await.map_err(|_| Lost)? {
            let part = part.part.ok_or(Lost)?;
            if let Part::Records(records) = &part {
                end.records += records.records.len() as u64;
            }
            send(part).await?;
        }
    }
    send(Part::Identities(people.into())).await?;
    send(Part::End(end)).await
}
