//! Into the cluster: nothing changes anywhere before the whole file has arrived and every node can read its part.

use std::collections::BTreeMap;
use std::sync::Arc;

use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::world_client::WorldClient;
use archipelago_proto::cluster::v1::world_part::Part;
use archipelago_proto::cluster::v1::{GoOnRequest, ImportResponse, WorldEnd, WorldHeader, WorldPart};
use bytes::Bytes;
use http::StatusCode;
use hyper::body::Body;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;

use super::FORMAT;
use super::file::{Reader, damaged};
use crate::access::People;
use crate::admin::{json_reply, reset};
use crate::pipeline::Pipeline;
use crate::region::known;
use crate::reply::Reply;

/// Parts on their way to a node.
const WAITING: usize = 4;

/// A region whose node is being told what it becomes.
struct Telling {
    region: String,
    parts: mpsc::Sender<WorldPart>,
    told: JoinHandle<Result<ImportResponse, Ec2Error>>,
    records: u64,
}

pub(crate) async fn import<B>(pipeline: &Arc<Pipeline>, body: B) -> Result<Reply, Ec2Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut reader = Reader::new(body);
    let read = read(pipeline, &mut reader).await;
    if read.is_err() {
        reader.discard().await;
    }
    let (regions, people) = read?;
    let mut records = BTreeMap::new();
    for telling in regions {
        let Telling { region, parts, told, records: count } = telling;
        let end = Part::End(WorldEnd { records: count });
        let _ = parts.send(WorldPart { part: Some(end) }).await;
        drop(parts);
        let imported = told.await.unwrap_or_else(|_| Err(Ec2Error::internal()))?;
        records.insert(region, json!(imported.records));
    }
    go_on(pipeline, records.keys()).await?;
    let others = pipeline.forwarder.known().into_iter().filter(|region| !records.contains_key(region)).collect();
    let (all_well, _) = reset(&pipeline.forwarder, others, "").await;
    pipeline.guard.replace(people.identities).map_err(|why| damaged(&why))?;
    people.keys.into_iter().for_each(|key| pipeline.keyring.add(key));
    if !all_well {
        return Err(Ec2Error::unavailable("A region that the world has not could not be reset."));
    }
    Ok(json_reply(StatusCode::OK, &json!({ "records": records })))
}

/// Not before every region is what it was, since they ask each other.
async fn go_on(pipeline: &Pipeline, regions: impl Iterator<Item = &String>) -> Result<(), Ec2Error> {
    let told = regions.map(|region| {
        pipeline.forwarder.send(region, Request::new(GoOnRequest {}), |channel, request| async {
            WorldClient::new(channel).go_on(request).await.map(drop)
        })
    });
    futures::future::try_join_all(told).await.map(drop)
}

/// Reads all of it, and passes each region's part on to its node.
async fn read<B>(pipeline: &Arc<Pipeline>, reader: &mut Reader<B>) -> Result<(Vec<Telling>, People), Ec2Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    match reader.next().await? {
        Some(Part::Header(WorldHeader { format: 1..=FORMAT, .. })) => {}
        Some(Part::Header(WorldHeader { version, .. })) => {
            return Err(damaged(&format!("A newer Archipelago has written it: {version}")));
        }
        _ => return Err(damaged("It is no world")),
    }
    let (mut regions, mut people): (Vec<Telling>, _) = (Vec::new(), People::default());
    while let Some(part) = reader.next().await? {
        match part {
            Part::Region(region) if known(&region.name) && regions.iter().all(|told| told.region != region.name) => {
                let mut telling = Telling::begin(pipeline, region.name.clone());
                telling.tell(Part::Region(region)).await?;
                regions.push(telling);
            }
            Part::Region(region) => return Err(damaged(&format!("It has a region {} too many", region.name))),
            Part::Records(records) => {
                let region = regions.last_mut().ok_or_else(|| damaged("It has records of no region"))?;
                region.records += records.records.len() as u64;
                region.tell(Part::Records(records)).await?;
            }
            Part::Identities(json) => {
                people = People::read(&json).map_err(|why| damaged(&why))?;
                people.check().map_err(|why| damaged(&why))?;
            }
            Part::End(end) if end.records == regions.iter().map(|region| region.records).sum::<u64>() => {
                return if reader.next().await?.is_none() {
                    Ok((regions, people))
                } else {
                    Err(damaged("Something comes after its end"))
                };
            }
            Part::End(_) => return Err(damaged("Records are missing")),
            Part::Header(_) => return Err(damaged("It begins twice")),
        }
    }
    Err(damaged("It ends early"))
}

impl Telling {
    fn begin(pipeline: &Arc<Pipeline>, region: String) -> Self {
        let (parts, stream) = mpsc::channel(WAITING);
        let (pipeline, name) = (Arc::clone(pipeline), region.clone());
        let told = tokio::spawn(async move {
            let request = Request::new(ReceiverStream::new(stream));
            let import = pipeline.forwarder.send_patiently(&name, request, |channel, request| async {
                WorldClient::new(channel).import(request).await.map(tonic::Response::into_inner)
            });
            import.await
        });
        Self { region, parts, told, records: 0 }
    }

    /// Fails as the node does, if it has had enough.
    async fn tell(&mut self, part: Part) -> Result<(), Ec2Error> {
        if self.parts.send(WorldPart { part: Some(part) }).await.is_ok() {
            return Ok(());
        }
        match (&mut self.told).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Err(Ec2Error::internal()),
        }
    }
}
