//! Worlds on their way (proto: cluster.v1.World).

use std::pin::Pin;
use std::sync::Arc;

use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::world_part::Part;
use archipelago_proto::cluster::v1::world_server::World;
use archipelago_proto::cluster::v1::{
    ExportRequest, GoOnRequest, GoOnResponse, ImportResponse, WorldPart, WorldRecords,
};
use futures::{Stream, StreamExt as _, stream};
use prost::Message as _;
use tonic::{Request, Response, Status, Streaming};

use crate::Region;
use crate::world::{self, Snapshot};

/// As much is in one part, about.
const PART_BYTES: usize = 256 << 10;

pub(crate) struct Librarian(pub(crate) Arc<Region>);

#[tonic::async_trait]
impl World for Librarian {
    type ExportStream = Pin<Box<dyn Stream<Item = Result<WorldPart, Status>> + Send>>;

    async fn export(&self, _: Request<ExportRequest>) -> Result<Response<Self::ExportStream>, Status> {
        let snapshot = Snapshot::take(&self.0);
        let head = Part::Region(snapshot.head.clone());
        let mut records = snapshot.records().peekable();
        let parts = std::iter::from_fn(move || {
            records.peek()?;
            let (mut part, mut size) = (WorldRecords::default(), 0);
            while let Some(record) = records.next_if(|_| size < PART_BYTES) {
                size += record.encoded_len();
                part.records.push(record);
            }
            Some(Part::Records(part))
        });
        let parts = std::iter::once(head).chain(parts).map(|part| Ok(WorldPart { part: Some(part) }));
        Ok(Response::new(stream::iter(parts).boxed()))
    }

    async fn import(&self, request: Request<Streaming<WorldPart>>) -> Result<Response<ImportResponse>, Status> {
        let mut parts = request.into_inner();
        let (mut head, mut records, mut end) = (None, Vec::new(), None);
        while let Some(part) = parts.message().await? {
            match part.part {
                Some(Part::Region(region)) if head.is_none() && region.name == self.0.facts.name => head = Some(region),
                Some(Part::Records(part)) if head.is_some() => {
                    part.records.iter().try_for_each(|record| world::check(&self.0, record))?;
                    records.extend(part.records);
                }
                Some(Part::End(whole)) if head.is_some() => end = Some(whole),
                _ => return Err(Ec2Error::invalid_parameter("This part of a world does not belong here").into()),
            }
        }
        let (Some(head), Some(end)) = (head, end) else {
            return Err(Ec2Error::invalid_parameter("The world ends early").into());
        };
        let count = records.len() as u64;
        if end.records != count {
            let message = format!("The region has {count} records where {} should be", end.records);
            return Err(Ec2Error::invalid_parameter(message).into());
        }
        world::replace(&self.0, &head, records).await?;
        Ok(Response::new(ImportResponse { records: count }))
    }

    async fn go_on(&self, _: Request<GoOnRequest>) -> Result<Response<GoOnResponse>, Status> {
        self.0.resume();
        Ok(Response::new(GoOnResponse {}))
    }
}
