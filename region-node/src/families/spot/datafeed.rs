//! The Spot data feed of an account (reference: CreateSpotDatafeedSubscription). Nothing is written to the bucket: there
//! is no S3 here.

use archipelago_proto::ec2::v1::{
    CreateSpotDatafeedSubscriptionRequest, CreateSpotDatafeedSubscriptionResult, DeleteSpotDatafeedSubscriptionRequest,
    DeleteSpotDatafeedSubscriptionResponse, DescribeSpotDatafeedSubscriptionRequest,
    DescribeSpotDatafeedSubscriptionResult, SpotDatafeedSubscription, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind};
use crate::request::{Context, required};

#[derive(Clone, PartialEq, Message)]
pub struct DatafeedState {
    #[prost(message, required, tag = "1")]
    pub public: SpotDatafeedSubscription,
}

pub enum DatafeedCommand {
    /// There is one for each account: another takes its place.
    Replace(SpotDatafeedSubscription),
    Delete,
}

impl Entity for DatafeedState {
    const KIND: Kind = Kind {
        resource_type: "spot-datafeed-subscription",
        prefix: "spot-datafeed",
        not_found: "InvalidSpotDatafeed.NotFound",
        malformed: "InvalidSpotDatafeed.NotFound",
        noun: "Spot data feed",
    };
    type Command = DatafeedCommand;
    type Reply = ();

    fn decide(&self, command: DatafeedCommand, _: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        Ok(match command {
            DatafeedCommand::Replace(public) => Decision::become_(Self { public }),
            DatafeedCommand::Delete => Decision::gone(self.clone()),
        })
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        unreachable!("a data feed has no tags: no client knows its id")
    }

    fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Message::decode(bytes).ok()
    }
}

/// The id under which an account's feed is an entity.
fn id(cx: &Context) -> Id {
    Id::new(&format!("spot-datafeed-{}", cx.account))
}

pub(super) async fn create_spot_datafeed_subscription(
    cx: Context,
    input: CreateSpotDatafeedSubscriptionRequest,
) -> Ec2Result<CreateSpotDatafeedSubscriptionResult> {
    let bucket = required("Bucket", input.bucket.as_deref().filter(|bucket| !bucket.is_empty()))?;
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(legal) {
        return Err(Ec2Error::invalid_value("Bucket", bucket));
    }
    let feed = SpotDatafeedSubscription {
        bucket: Some(bucket.to_owned()),
        fault: None,
        owner_id: Some(cx.account.to_string()),
        prefix: input.prefix,
        state: Some("Active".to_owned()),
    };
    let response = CreateSpotDatafeedSubscriptionResult { spot_datafeed_subscription: Some(feed.clone()) };
    let id = id(&cx);
    if cx.spot_datafeeds.index().get(&id).is_some() {
        cx.spot_datafeeds.ask(&id, DatafeedCommand::Replace(feed)).await?;
        return Ok(response);
    }
    let mut batch = cx.batch();
    batch.create(&cx.spot_datafeeds, &id, DatafeedState { public: feed })?;
    cx.commit(batch, response).await
}

fn none() -> Ec2Error {
    Ec2Error::new("InvalidSpotDatafeed.NotFound", "Spot datafeed subscription does not exist.")
}

pub(super) async fn describe_spot_datafeed_subscription(
    cx: Context,
    _: DescribeSpotDatafeedSubscriptionRequest,
) -> Ec2Result<DescribeSpotDatafeedSubscriptionResult> {
    let feed = cx.spot_datafeeds.index().get(&id(&cx)).ok_or_else(none)?;
    Ok(DescribeSpotDatafeedSubscriptionResult { spot_datafeed_subscription: Some(feed.state.public.clone()) })
}

/// AWS: deleting what is not there succeeds.
pub(super) async fn delete_spot_datafeed_subscription(
    cx: Context,
    _: DeleteSpotDatafeedSubscriptionRequest,
) -> Ec2Result<DeleteSpotDatafeedSubscriptionResponse> {
    let id = id(&cx);
    if cx.spot_datafeeds.index().get(&id).is_some() {
        cx.spot_datafeeds.ask(&id, DatafeedCommand::Delete).await?;
    }
    Ok(DeleteSpotDatafeedSubscriptionResponse {})
}
