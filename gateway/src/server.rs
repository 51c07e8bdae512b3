//! The gateway as a server: connections in, requests to the pipeline or to the operator's pages.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use archipelago_proto::Ec2Error;
use archipelago_proto::token::ClusterToken;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use http_body_util::Either;
use hyper::body::{Body, Incoming};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep, timeout};

use crate::access::{self, Directory, Guard, Identities};
use crate::admin::{self, plain, refusal};
use crate::clock::Clock;
use crate::connection::{self, Answered, carried};
use crate::faults::{Faults, Rule as Fault};
use crate::forward::Forwarder;
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::meter::Meter;
use crate::nodes::Nodes;
use crate::pipeline::Pipeline;
use crate::populate::{Populate, populate};
use crate::record::{Record, RecordConfig};
use crate::reply::Reply;
use crate::request::Received;
use crate::scenario::{Scenario, Step, direct};
use crate::schema::Schema;
use crate::signature::AuthMode;
use crate::throttle::{Throttle, ThrottleConfig};
use crate::tls::Tls;
use crate::uuids::Uuids;
use crate::world;

const UPKEEP: Duration = Duration::from_secs(5);

/// After a failed accept, when the process is out of file descriptors, say.
const PAUSE: Duration = Duration::from_millis(50);

/// How a gateway behaves, apart from whom it believes and where it sends.
#[derive(Clone, Default)]
pub struct Config {
    pub limits: Limits,
    pub auth: AuthMode,
    /// What nodes accept calls with; None only where nodes ask for none.
    pub cluster_token: Option<ClusterToken>,
    pub throttle: ThrottleConfig,
    pub record: RecordConfig,
    pub faults: Vec<Fault>,
    pub scenario: Vec<Step>,
    /// What regions have from their start.
    pub populate: Vec<Populate>,
    /// Of all that is drawn by lot.
    pub seed: Option<u64>,
    /// Who is restricted; nobody, unless somebody is named.
    pub identities: Identities,
    /// What messages to clients are sealed with: the secret that all gateways of the cluster have.
    pub secret: Vec<u8>,
    /// Plain HTTP without.
    pub tls: Option<Tls>,
}

#[derive(Clone)]
pub struct Gateway {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) tls: Option<Tls>,
    populate: Arc<[Populate]>,
    /// Cleared when it begins to stop.
    ready: Arc<AtomicBool>,
}

impl Gateway {
    /// Fails where the schema of this binary is not one that the gateway can transcode, or where identities are not in
    /// order.
    pub fn new(config: Config, keyring: Keyring, nodes: Arc<dyn Nodes>, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let Config {
            limits,
            auth,
            cluster_token,
            throttle,
            record,
            faults,
            scenario,
            populate: entries,
            seed,
            identities,
            secret,
            tls,
        } = config;
        let now_ms = clock.now_ms();
        let pipeline = Pipeline {
            schema: Schema::load()?,
            keyring,
            guard: Guard::new(Directory::new(identities)?, &secret),
            auth,
            clock,
            forwarder: Forwarder::new(nodes, cluster_token, limits.answer),
            meter: Meter::new()?,
            uuids: Uuids::new(seed),
            slots: Semaphore::new(limits.requests),
            room: Arc::new(Semaphore::new(limits.bodies)),
            limits,
            throttle: Throttle::new(throttle)?,
            record: Record::new(&record)?,
            faults: Faults::new(faults, seed.unwrap_or_default(), now_ms)?,
            scenario: Scenario::new(scenario, now_ms)?,
        };
        let ready = Arc::new(AtomicBool::new(true));
        Ok(Self { pipeline: Arc::new(pipeline), tls, populate: entries.into(), ready })
    }

    /// Puts the world of a file in the place of the one that there is.
    pub async fn import<B: Body<Data = Bytes> + Unpin>(&self, world: B) -> Result<(), Ec2Error> {
        world::import(&self.pipeline, world).await.map(drop)
    }

    /// Makes what regions are to have from their start. Before it serves, so that no client sees half of it.
    pub async fn populate(&self) -> Result<(), String> {
        populate(&self.pipeline, &self.populate).await
    }

    /// Serves until `shutdown`, then answers the requests that are under way.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let limits = &self.pipeline.limits;
        let places = Arc::new(Semaphore::new(limits.connections));
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut upkeep = interval(UPKEEP);
        let directing = direct(&self.pipeline);
        tokio::pin!(shutdown, directing);
        loop {
            let accepted = async {
                // Never closed, so always a place in the end.
                let place = Arc::clone(&places).acquire_owned().await.ok();
                (place, listener.accept().await)
            };
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                () = &mut directing => {}
                Some(_) = connections.join_next() => {}
                _ = upkeep.tick() => self.pipeline.upkeep(),
                (place, accepted) = accepted => match accepted {
                    Ok((stream, peer)) => {
                        let (gateway, watcher) = (self.clone(), graceful.watcher());
                        connections.spawn(async move {
                            let _place = place;
                            connection::serve(gateway, stream, peer.ip(), watcher).await;
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "no connection could be accepted");
                        sleep(PAUSE).await;
                    }
                },
            }
        }
        self.ready.store(false, Ordering::Relaxed);
        drop(listener);
        let longest = limits.receive + limits.answer;
        let _ = timeout(longest, graceful.shutdown()).await;
        Ok(())
    }

    /// What goes back over the connection.
    pub(crate) async fn respond(&self, request: http::Request<Incoming>, source: IpAddr) -> Answered {
        if request.uri().path() == "/_archipelago/world" {
            return self.world(request).await;
        }
        carried(self.answer(request, source).await)
    }

    async fn answer(&self, request: http::Request<Incoming>, source: IpAddr) -> Reply {
        match request.uri().path() {
            "/livez" => plain(StatusCode::OK, "text/plain", "ok"),
            "/readyz" if self.ready.load(Ordering::Relaxed) => plain(StatusCode::OK, "text/plain", "ok"),
            "/readyz" => plain(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "stopping"),
            "/metrics" => plain(StatusCode::OK, "text/plain; version=0.0.4", self.pipeline.meter.render()),
            path if path.starts_with("/_archipelago/") => self.operate(request, source).await,
            _ => self.pipeline.answer(request, source).await,
        }
    }

    /// The one page whose bodies are too large to be held.
    async fn world(&self, request: http::Request<Incoming>) -> Answered {
        let answered = match *request.method() {
            Method::GET => match world::export(&self.pipeline).await {
                Ok(body) => return Ok(Response::new(Either::Right(body))),
                Err(error) => Err(error),
            },
            Method::POST => world::import(&self.pipeline, request.into_body()).await,
            _ => return carried(refusal(StatusCode::METHOD_NOT_ALLOWED, "the method is not allowed here")),
        };
        carried(answered.unwrap_or_else(|error| refusal(error.http_status(), &error.message)))
    }

    async fn operate(&self, request: http::Request<Incoming>, source: IpAddr) -> Reply {
        let limits = &self.pipeline.limits;
        let bad = |error: Ec2Error| refusal(error.http_status(), &error.message);
        let mut request = match Received::read(request, source, limits, &self.pipeline.room).await {
            Ok(request) => request,
            Err(error) => return bad(error),
        };
        // Its body is no form.
        if request.uri.path() == "/_archipelago/iam" {
            let body = std::mem::take(&mut request.body);
            let form = match request.form(limits) {
                Ok(form) => form,
                Err(error) => return bad(error),
            };
            return access::answer_operator(&self.pipeline.guard, &self.pipeline.keyring, &request, &form, &body);
        }
        match request.form(limits) {
            Ok(form) => {
                let path = request.uri.path();
                let page = path.strip_prefix("/_archipelago/").unwrap_or(path);
                Box::pin(admin::answer(&self.pipeline, &request.method, page, &form)).await
            }
            Err(error) => bad(error),
        }
    }
}
