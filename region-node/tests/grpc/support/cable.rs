//! The way between nodes of one test, which can be cut.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use archipelago_proto::token::ClusterToken;
use archipelago_proto::{Ec2Error, Ec2Result};
use archipelago_region_node::peer::{Peers, Presigned};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

use super::Sandbox;

#[derive(Default)]
pub(crate) struct Cable {
    channels: Mutex<HashMap<String, Channel>>,
    cut: AtomicBool,
}

impl Cable {
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    pub(crate) fn mend(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }

    /// A node at the end of the cable.
    pub(crate) async fn node(self: &Arc<Self>, region: &str, lifecycle: Lifecycle, store: Store) -> Sandbox {
        let node = Sandbox::of(region, lifecycle, store, Arc::clone(self) as Arc<dyn Peers>).await;
        self.channels.lock().unwrap().insert(region.to_owned(), node.channel.clone());
        node
    }
}

#[tonic::async_trait]
impl Peers for Cable {
    async fn channel(&self, region: &str) -> Ec2Result<Channel> {
        let channel = self.channels.lock().unwrap().get(region).cloned();
        let whole = !self.cut.load(Ordering::SeqCst);
        channel.filter(|_| whole).ok_or_else(|| Ec2Error::unavailable("The region cannot be reached."))
    }

    fn token(&self) -> Option<ClusterToken> {
        Some(super::token())
    }

    fn verify(&self, _: &str) -> Result<Presigned, String> {
        Err("no keys are known here".to_owned())
    }
}
