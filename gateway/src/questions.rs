//! What a region's node is asked about a request before it is let through (proto: cluster.v1.Permissions).

use archipelago_proto::cluster::v1::SubjectsRequest;
use archipelago_proto::cluster::v1::permissions_client::PermissionsClient;
use archipelago_proto::{Call, Ec2Error};
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

use crate::forward::Forwarder;

/// One of the service's rpcs, about a request of any size.
pub(crate) async fn ask<R, F>(
    forwarder: &Forwarder,
    region: &str,
    action: &str,
    call: &Call,
    message: Vec<u8>,
    rpc: impl FnOnce(PermissionsClient<Channel>, Request<SubjectsRequest>) -> F,
) -> Result<R, Ec2Error>
where
    F: Future<Output = Result<Response<R>, Status>>,
{
    let mut request = Request::new(SubjectsRequest { action: action.to_owned(), input: message.into() });
    call.write_to(request.metadata_mut());
    let answer = forwarder.send(region, request, |channel, request| async {
        let client = PermissionsClient::new(channel).max_encoding_message_size(usize::MAX);
        rpc(client.max_decoding_message_size(usize::MAX), request).await.map(Response::into_inner)
    });
    answer.await
}
