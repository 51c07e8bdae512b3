//! Bytes to the region's node and back, without stubs: the gateway has no type for any message of the EC2 API.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use archipelago_proto::codec::BytesCodec;
use archipelago_proto::token::ClusterToken;
use archipelago_proto::{Call, Ec2Error, trace};
use bytes::Bytes;
use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::nodes::{Nodes, Power};

/// Requests on their way to nodes, over one channel for each region.
pub(crate) struct Forwarder {
    nodes: Arc<dyn Nodes>,
    channels: RwLock<HashMap<String, Channel>>,
    token: Option<ClusterToken>,
    deadline: Duration,
}

impl Forwarder {
    pub(crate) fn new(nodes: Arc<dyn Nodes>, token: Option<ClusterToken>, deadline: Duration) -> Self {
        Self { nodes, channels: RwLock::default(), token, deadline }
    }

    pub(crate) fn started(&self) -> Vec<String> {
        self.nodes.started()
    }

    pub(crate) fn known(&self) -> Vec<String> {
        self.nodes.known()
    }

    pub(crate) fn set_power(&self, region: &str, power: Power) -> Result<(), String> {
        self.nodes.set_power(region, power)
    }

    /// The response message of one EC2 action.
    pub(crate) async fn call(
        &self,
        region: &str,
        path: PathAndQuery,
        call: &Call,
        message: Vec<u8>,
    ) -> Result<Bytes, Ec2Error> {
        let mut request = Request::new(Bytes::from(message));
        call.write_to(request.metadata_mut());
        trace::inject(request.metadata_mut());
        self.send(region, request, |channel, request| async move {
            let grpc = Grpc::new(channel).max_decoding_message_size(usize::MAX);
            let mut grpc = grpc.max_encoding_message_size(usize::MAX);
            grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            Ok(grpc.unary(request, path, BytesCodec).await?.into_inner())
        })
        .await
    }

    /// Any rpc of a node's, within the deadline; a channel that fails is given up.
    pub(crate) async fn send<M, R, F>(
        &self,
        region: &str,
        mut request: Request<M>,
        rpc: impl FnOnce(Channel, Request<M>) -> F,
    ) -> Result<R, Ec2Error>
    where
        F: Future<Output = Result<R, Status>>,
    {
        request.set_timeout(self.deadline);
        let answered = self.send_patiently(region, request, rpc);
        let late = || Ec2Error::unavailable(format!("The region {region} did not answer in time. Please try again."));
        tokio::time::timeout(self.deadline, answered).await.unwrap_or_else(|_| Err(late()))
    }

    /// The same without a deadline: how long a stream takes depends on what it carries.
    pub(crate) async fn send_patiently<M, R, F>(
        &self,
        region: &str,
        mut request: Request<M>,
        rpc: impl FnOnce(Channel, Request<M>) -> F,
    ) -> Result<R, Ec2Error>
    where
        F: Future<Output = Result<R, Status>>,
    {
        if let Some(token) = &self.token {
            token.write_to(request.metadata_mut());
        }
        let channel = self.channel(region).await?;
        rpc(channel, request).await.map_err(|status| self.failure(region, status))
    }

    async fn channel(&self, region: &str) -> Result<Channel, Ec2Error> {
        let kept = self.channels.read().unwrap_or_else(PoisonError::into_inner).get(region).cloned();
        if let Some(channel) = kept {
            return Ok(channel);
        }
        let channel = self.nodes.channel(region).await?;
        let mut channels = self.channels.write().unwrap_or_else(PoisonError::into_inner);
        Ok(channels.entry(region.to_owned()).or_insert(channel).clone())
    }

    /// What the client is told. Details are the node's; a status with a source is the transport's own.
    pub(crate) fn failure(&self, region: &str, status: Status) -> Ec2Error {
        if !status.details().is_empty() {
            return status.into();
        }
        tracing::warn!(region, code = ?status.code(), message = status.message(), "a call to the node failed");
        match status.code() {
            code if code == Code::Unavailable || status.source().is_some() => {
                self.channels.write().unwrap_or_else(PoisonError::into_inner).remove(region);
                self.nodes.broken(region);
                Ec2Error::unavailable(format!("The region {region} cannot be reached at the moment. Please try again."))
            }
            Code::DeadlineExceeded => {
                Ec2Error::unavailable(format!("The region {region} did not answer in time. Please try again."))
            }
            Code::Unimplemented => {
                Ec2Error::new("InvalidAction", "The action is not implemented by this region's node.")
            }
            _ => Ec2Error::internal(),
        }
    }
}
