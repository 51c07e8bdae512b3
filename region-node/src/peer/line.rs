//! The line to the node of another region: what is sent along it says from where it comes, and while the operator has it
//! cut, nothing passes in either direction.

use archipelago_proto::cluster::v1::Caller;
use archipelago_proto::{Call, Ec2Error, Ec2Result, trace};
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::Region;

const FROM: &str = "archipelago-region";

/// To the node of that region.
pub(super) async fn channel(region: &Region, to: &str) -> Ec2Result<Channel> {
    if region.cut_lines.has(to) {
        return Err(unreachable(to));
    }
    region.peers.channel(to).await
}

/// A request that says for whom it is, if it is for anybody, and continues the trace.
pub(super) fn request<T>(region: &Region, account: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    if let Some(token) = region.peers.token() {
        token.write_to(metadata);
    }
    if let Ok(name) = region.facts.name.parse() {
        metadata.insert(FROM, name);
    }
    Call { caller: Caller { account: account.to_owned(), ..Caller::default() } }.write_to(metadata);
    trace::inject(metadata);
    request
}

/// Refuses what comes from the other end of a line that is cut, where the caller's node does not know of it.
#[allow(clippy::result_large_err)] // The shape of rpcs.
pub(super) fn check(region: &Region, metadata: &MetadataMap) -> Result<(), Status> {
    let from = metadata.get(FROM).and_then(|name| name.to_str().ok());
    match from.filter(|name| region.cut_lines.has(name)) {
        Some(_) => Err(unreachable(region.facts.name).into()),
        None => Ok(()),
    }
}

fn unreachable(to: &str) -> Ec2Error {
    Ec2Error::unavailable(format!("The region {to} cannot be reached at the moment. Please try again."))
}
