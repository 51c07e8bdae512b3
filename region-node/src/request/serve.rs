//! The way of every action through the node, from rpc to response.

use std::sync::Arc;

use archipelago_proto::{Call, Ec2Error, Ec2Result, Input};
use futures::future::BoxFuture;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use super::Context;
use super::tokens::Outcome;
use crate::{Region, metering};

/// Reads who calls, sees to the client's token, runs the action, and counts what came of it.
///
/// No `async fn`, and called from none: a body with an `async` block of its own has the compiler prove `F: Send` without
/// its caches, and there are as many such proofs as there are actions.
pub fn serve<I, F, A>(
    region: &Arc<Region>,
    request: Request<I>,
    action: A,
) -> BoxFuture<'static, Result<Response<I::Output>, Status>>
where
    I: Input + 'static,
    F: Future<Output = Ec2Result<I::Output>> + Send + 'static,
    A: FnOnce(Context, I) -> F + Send + 'static,
{
    let region = Arc::clone(region);
    Box::pin(async move {
        let call = Arc::new(Call::read_from(request.metadata())?);
        let account = call.account().into();
        let cx = Context { region, call, account, claim: None };
        let span = metering::span(request.metadata(), I::ACTION, &cx);
        let input = request.into_inner();
        let meter = metering::Meter::start(I::ACTION, &cx);
        // A task of its own: a caller that hangs up does not leave half a workflow behind.
        let task = tokio::spawn(answer(cx, input, action).instrument(span));
        let outcome = task.await.unwrap_or_else(|_| Err(Ec2Error::internal()));
        meter.stop(outcome.as_ref().err());
        outcome.map(Response::new).map_err(Status::from)
    })
}

async fn answer<I, F, A>(cx: Context, input: I, action: A) -> Ec2Result<I::Output>
where
    I: Input + 'static,
    F: Future<Output = Ec2Result<I::Output>> + Send + 'static,
    A: FnOnce(Context, I) -> F + Send + 'static,
{
    if cx.call.caller.dry_run {
        return Err(Ec2Error::dry_run());
    }
    Region::settle_account(&cx).await?;
    let Some(token) = input.client_token().filter(|token| !token.is_empty()) else {
        return action(cx, input).await;
    };
    match cx.region.tokens.claim(&cx, I::ACTION, token, &input.encode_to_vec()).await? {
        Outcome::Replay(response) => crate::families::instances::replay(&cx, &response).map(|()| response),
        Outcome::First(claim) => {
            let (claim, kept) = (claim.clone(), Context { claim: Some(claim), ..cx });
            let response = action(kept.clone(), input).await?;
            claim.keep(&kept, &response).await?;
            Ok(response)
        }
    }
}

/// Lists a family's rpcs and adapts each to the action of its name, so that a forgotten one does not compile.
macro_rules! family {
    ($service:ident in $module:ident { $($rpc:ident($input:ident)),* $(,)? }) => {
        /// The family as a gRPC service.
        pub struct Family(pub std::sync::Arc<crate::Region>);

        // As `async_trait` would write it, but without an `async` block in each body; see `serve`.
        impl archipelago_proto::ec2::v1::$module::$service for Family {
            $(fn $rpc<'life0, 'async_trait>(
                &'life0 self,
                request: tonic::Request<archipelago_proto::ec2::v1::$input>,
            ) -> futures::future::BoxFuture<
                'async_trait,
                Result<
                    tonic::Response<<archipelago_proto::ec2::v1::$input as archipelago_proto::Input>::Output>,
                    tonic::Status,
                >,
            >
            where
                'life0: 'async_trait,
                Self: 'async_trait,
            {
                crate::request::serve(&self.0, request, $rpc)
            })*
        }
    };
}
pub(crate) use family;
