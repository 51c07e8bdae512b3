//! The presigned URL of CopySnapshot: a request to the source region, which must ask for the same as the request that
//! brings it. The source verifies its signature (`export.rs`); where there is none, that the caller may use the snapshot
//! is enough.

use archipelago_proto::ec2::v1::CopySnapshotRequest;
use archipelago_proto::{Ec2Error, Ec2Result};

pub(super) fn check(url: &str, input: &CopySnapshotRequest, here: &str) -> Ec2Result<()> {
    let query = url.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let has_scheme = url.starts_with("https://") || url.starts_with("http://");
    let parameter = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let signed = parameter("X-Amz-Signature").or_else(|| parameter("Signature")).is_some();
    let agrees = parameter("Action") == Some("CopySnapshot")
        && parameter("SourceRegion") == Some(input.source_region())
        && parameter("SourceSnapshotId") == Some(input.source_snapshot_id())
        && parameter("DestinationRegion").is_none_or(|region| region == here);
    if has_scheme && signed && agrees {
        return Ok(());
    }
    Err(Ec2Error::invalid_parameter(
        "Value for parameter PresignedUrl is invalid: it must ask the source region for the same copy.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_must_ask_for_the_same_copy() {
        let input = CopySnapshotRequest {
            source_region: Some("us-west-2".into()),
            source_snapshot_id: Some("snap-1a2b3c4d".into()),
            ..CopySnapshotRequest::default()
        };
        let url = |id: &str| {
            format!(
                "https://ec2.us-west-2.amazonaws.com/?Action=CopySnapshot&SourceRegion=us-west-2&SourceSnapshotId={id}\
                 &DestinationRegion=us-east-1&X-Amz-Signature=00"
            )
        };
        assert!(check(&url("snap-1a2b3c4d"), &input, "us-east-1").is_ok());
        assert!(check(&url("snap-00000000"), &input, "us-east-1").is_err());
        assert!(check(&url("snap-1a2b3c4d"), &input, "eu-west-1").is_err());
        assert!(check("snap-1a2b3c4d", &input, "us-east-1").is_err());
    }
}
