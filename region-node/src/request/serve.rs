//! The way of every action through the node, from rpc to response.

use std::collections::HashMap;
use std::sync::Arc;

use archipelago_proto::codec::BytesCodec;
use archipelago_proto::token::ClusterToken;
use archipelago_proto::{Call, Ec2Error, Ec2Result};
use axum::extract::State;
use bytes::Bytes;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Request, Response, Status};
use tower::service_fn;
use tracing::Instrument as _;

use super::tokens::Outcome;
use super::{Action, Context};
use crate::{Region, consistency, families, metering};

/// Where a region's actions are asked for.
pub(crate) struct Desk {
    region: Arc<Region>,
    token: ClusterToken,
    actions: HashMap<&'static str, Arc<Action>>,
}

impl Desk {
    pub(crate) fn new(region: Arc<Region>, token: ClusterToken) -> Self {
        let actions = families::actions().map(|action| (action.path, Arc::new(action))).collect();
        Self { region, token, actions }
    }

    /// A request's surroundings.
    pub(crate) fn context(&self, call: Call) -> Context {
        let account = call.account().into();
        Context { region: Arc::clone(&self.region), call: Arc::new(call), account, claim: None }
    }

    /// What an action that changes nothing answers to the caller.
    pub(crate) async fn look(&self, cx: &Context, path: &str, input: &[u8]) -> Ec2Result<Bytes> {
        let action = self.actions.get(path).ok_or_else(Ec2Error::internal)?;
        (action.prepare(input)?.run)(cx.clone()).await
    }
}

/// Answers any rpc of the EC2 schema.
pub(crate) async fn serve(State(desk): State<Arc<Desk>>, request: axum::extract::Request) -> http::Response<Body> {
    let action = desk.actions.get(request.uri().path()).map(Arc::clone);
    let rpc = service_fn(move |request| run(Arc::clone(&desk), action.clone(), request));
    Grpc::new(BytesCodec)
        .apply_max_message_size_config(Some(usize::MAX), Some(usize::MAX))
        .unary(rpc, request.map(Body::new))
        .await
}

/// Reads who calls, runs the action, and counts what came of it.
async fn run(desk: Arc<Desk>, action: Option<Arc<Action>>, request: Request<Bytes>) -> Result<Response<Bytes>, Status> {
    desk.token.check(request.metadata())?;
    let action = action.ok_or_else(|| Status::unimplemented("The region has no such action."))?;
    let cx = desk.context(Call::read_from(request.metadata())?);
    let span = metering::span(request.metadata(), action.name, &cx);
    let meter = metering::Meter::start(action.name, &cx);
    // A task of its own: a caller that hangs up does not leave half a workflow behind.
    let name = Some(action.name);
    let answer = consistency::during(name, answer(action, cx, request.into_inner()));
    let task = tokio::spawn(answer.instrument(span));
    let outcome = task.await.unwrap_or_else(|_| Err(Ec2Error::internal()));
    meter.stop(outcome.as_ref().err());
    outcome.map(Response::new).map_err(Status::from)
}

/// Sees to DryRun, the account's first resources and the client's token.
async fn answer(action: Arc<Action>, cx: Context, input: Bytes) -> Ec2Result<Bytes> {
    let region = Arc::clone(&cx.region);
    let _open = region.gate.read().await;
    if cx.call.caller.dry_run {
        return Err(Ec2Error::dry_run());
    }
    Region::settle_account(&cx).await?;
    if cx.shell.consistency.is_on() {
        consistency::check(&cx, action.name, &input)?;
    }
    let prepared = action.prepare(&input)?;
    let Some(token) = prepared.token else {
        return (prepared.run)(cx).await;
    };
    match cx.region.tokens.claim(&cx, action.name, &token).await? {
        Outcome::Replay(response) => action.replay(cx, response).await,
        Outcome::First(claim) => {
            let kept = Context { claim: Some(claim.clone()), ..cx };
            let response = (prepared.run)(kept.clone()).await?;
            claim.keep(&kept, &response).await?;
            Ok(response)
        }
    }
}
