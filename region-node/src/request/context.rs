//! Who asks for what, and where: what each action is given beside its input.

use std::ops::Deref;
use std::sync::Arc;

use archipelago_proto::{Call, Ec2Result};
use prost::Message;

use super::tokens::Claim;
use crate::Region;
use crate::entity::{Account, Batch, Entity, Host, Id, Undo};

/// An action's surroundings. It reads as the region itself: `cx.volumes.find(..)`.
#[derive(Clone)]
pub struct Context {
    pub region: Arc<Region>,
    pub call: Arc<Call>,
    pub account: Account,
    pub(super) claim: Option<Claim>,
}

impl Deref for Context {
    type Target = Region;

    fn deref(&self) -> &Region {
        &self.region
    }
}

impl Context {
    /// The region acting for an account by itself, as for its default VPC.
    pub fn internal(region: &Arc<Region>, account: &Account) -> Self {
        Self { region: Arc::clone(region), call: Arc::default(), account: account.clone(), claim: None }
    }

    /// Whether the account has EC2-Classic.
    pub fn has_classic(&self) -> bool {
        self.region.platforms.has_classic(&self.account)
    }

    pub fn batch(&self) -> Batch {
        Batch::new(&self.region.shell, &self.account)
    }

    /// Makes the batch's resources exist, together with the memory of the client's token.
    pub async fn commit<R: Message>(&self, mut batch: Batch, response: R) -> Ec2Result<R> {
        if let Some(claim) = &self.claim {
            claim.record(&mut batch, response.encode_to_vec().into());
        }
        batch.commit().await?;
        Ok(response)
    }

    /// Makes a resource a dependent of another before it links to it, so that the other cannot be deleted
    /// in between.
    pub async fn hold<E: Entity>(&self, undo: &mut Undo, host: &Host<E>, by: &Id, link: &Id) -> Ec2Result<()> {
        self.shell.registry().hold(link, vec![by.clone()]).await?;
        let (region, host, link, by) = (Arc::clone(&self.region), host.clone(), link.clone(), by.clone());
        undo.push(async move {
            // It may have linked to it all the while.
            let linked = host.index().get(&by).is_some_and(|published| published.state.links().contains(&link));
            if !linked {
                region.shell.registry().release(&link, vec![by]);
            }
        });
        Ok(())
    }

    /// `arn:aws:ec2:us-east-1:123456789012:volume/vol-…`
    pub fn arn(&self, resource_type: &str, id: &str) -> String {
        format!(
            "arn:{}:ec2:{}:{}:{resource_type}/{id}",
            self.region.facts.partition.id(),
            self.region.facts.name,
            self.account
        )
    }
}
