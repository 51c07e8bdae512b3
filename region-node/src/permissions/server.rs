//! The question as an rpc (proto: cluster.v1.Permissions).

use std::sync::Arc;

use archipelago_proto::Call;
use archipelago_proto::cluster::v1::permissions_server::Permissions;
use archipelago_proto::cluster::v1::{InvolvedResponse, SubjectsRequest, SubjectsResponse};
use tonic::{Request, Response, Status};

use super::{involved, subjects};
use crate::Region;
use crate::request::Desk;

pub(crate) struct Informant(pub(crate) Arc<Desk>);

#[tonic::async_trait]
impl Permissions for Informant {
    async fn involved(&self, request: Request<SubjectsRequest>) -> Result<Response<InvolvedResponse>, Status> {
        let cx = self.0.context(Call::read_from(request.metadata())?);
        Region::settle_account(&cx).await?;
        let SubjectsRequest { action, input } = request.into_inner();
        Ok(Response::new(involved::of(&self.0, &cx, &action, &input).await?))
    }

    async fn subjects(&self, request: Request<SubjectsRequest>) -> Result<Response<SubjectsResponse>, Status> {
        let cx = self.0.context(Call::read_from(request.metadata())?);
        Region::settle_account(&cx).await?;
        let SubjectsRequest { action, input } = request.into_inner();
        let subjects = subjects::of(&self.0, &cx, &action, &input).await?;
        Ok(Response::new(SubjectsResponse { subjects }))
    }
}
