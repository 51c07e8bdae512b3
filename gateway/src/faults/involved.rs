//! What a call is about, for rules by zone and by tag. The gateway knows no resources: the region's node does.

use archipelago_proto::cluster::v1::InvolvedResponse;
use archipelago_proto::glob::glob;
use archipelago_proto::{Call, Ec2Error};

use crate::forward::Forwarder;
use crate::questions;

/// The zones that a call concerns, and the tags of what it names or creates.
#[derive(Debug, Default)]
pub(crate) struct Involved {
    /// Names and ids, side by side.
    pub(super) zones: Vec<(String, String)>,
    pub(super) tags: Vec<(String, String)>,
}

impl Involved {
    pub(crate) async fn ask(
        forwarder: &Forwarder,
        region: &str,
        action: &str,
        call: &Call,
        message: Vec<u8>,
    ) -> Result<Self, Ec2Error> {
        let answer = questions::ask(forwarder, region, action, call, message, |mut client, request| async move {
            client.involved(request).await
        });
        let InvolvedResponse { zones, tags } = answer.await?;
        Ok(Self {
            zones: zones.into_iter().map(|zone| (zone.name, zone.id)).collect(),
            tags: tags.into_iter().map(|tag| (tag.key, tag.value)).collect(),
        })
    }

    pub(super) fn in_zone(&self, pattern: &str) -> bool {
        self.zones.iter().any(|(name, id)| glob(pattern, name) || glob(pattern, id))
    }

    /// `key=value`
    pub(super) fn tagged(&self, pattern: &str) -> bool {
        let (key, value) = pattern.split_once('=').unwrap_or((pattern, "*"));
        self.tags.iter().any(|(known, given)| glob(key, known) && glob(value, given))
    }
}
