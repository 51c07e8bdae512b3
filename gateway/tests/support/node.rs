//! A region's node that remembers what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use archipelago_proto::cluster::v1::admin_server::{Admin, AdminServer};
use archipelago_proto::cluster::v1::{
    Caller, CapacityRequest, CapacityResponse, ClockRequest, ClockResponse, ConsistencyRequest, ConsistencyResponse,
    ImpairInstanceRequest, ImpairInstanceResponse, ImpairVolumeRequest, ImpairVolumeResponse, InterruptSpotRequest,
    InterruptSpotResponse, MetricsRequest, MetricsResponse, ResetRequest, ResetResponse, ScheduleEventRequest,
    ScheduleEventResponse, SetVpnTunnelRequest, SetVpnTunnelResponse, StatisticsRequest, StatisticsResponse,
};
use archipelago_proto::ec2::v1;
use archipelago_proto::ec2::v1::tags_service_server::{TagsService, TagsServiceServer};
use archipelago_proto::token::ClusterToken;
use archipelago_proto::{Call, Ec2Error};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Response, Status};

#[derive(Clone)]
pub struct Node {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
}

pub struct Seen {
    pub callers: Mutex<Vec<Caller>>,
    pub filters: Mutex<Vec<v1::Filter>>,
    pub traceparents: Mutex<Vec<String>>,
    pub resets: Mutex<Vec<String>>,
    pub clocks: Mutex<Vec<ClockRequest>>,
    pub capacities: Mutex<Vec<CapacityRequest>>,
    pub interruptions: Mutex<Vec<String>>,
    /// A permit for each deletion that has arrived.
    pub arrived: Semaphore,
    /// A permit for each deletion that may go on.
    pub released: Semaphore,
}

impl Node {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen {
            callers: Mutex::default(),
            filters: Mutex::default(),
            traceparents: Mutex::default(),
            resets: Mutex::default(),
            clocks: Mutex::default(),
            capacities: Mutex::default(),
            interruptions: Mutex::default(),
            arrived: Semaphore::new(0),
            released: Semaphore::new(0),
        });
        let token = ClusterToken::new("cluster").unwrap();
        #[allow(clippy::result_large_err)] // The shape of tonic's interceptors.
        let check = move |request: Request<()>| token.check(request.metadata()).map(|()| request);
        let tags = InterceptedService::new(TagsServiceServer::from_arc(Arc::clone(&seen)), check.clone());
        let admin = InterceptedService::new(AdminServer::from_arc(Arc::clone(&seen)), check);
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", tonic_health::ServingStatus::Serving).await;
        let server = tonic::transport::Server::builder().add_service(tags).add_service(admin).add_service(health);
        tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { address, seen }
    }
}

impl Seen {
    fn note<T>(&self, request: &Request<T>) -> Caller {
        let caller = Call::read_from(request.metadata()).unwrap().caller;
        self.callers.lock().unwrap().push(caller.clone());
        let trace = request.metadata().get("traceparent").and_then(|value| value.to_str().ok());
        self.traceparents.lock().unwrap().extend(trace.map(str::to_owned));
        caller
    }
}

#[tonic::async_trait]
impl TagsService for Seen {
    /// Knows no resource but i-1.
    async fn create_tags(
        &self,
        request: Request<v1::CreateTagsRequest>,
    ) -> Result<Response<v1::CreateTagsResponse>, Status> {
        if self.note(&request).dry_run {
            return Err(Ec2Error::dry_run().into());
        }
        match request.into_inner().resources.iter().find(|id| *id != "i-1") {
            Some(id) => {
                let message = format!("The instance ID '{id}' does not exist");
                Err(Ec2Error::new("InvalidInstanceID.NotFound", message).into())
            }
            None => Ok(Response::new(v1::CreateTagsResponse {})),
        }
    }

    /// Answers when it is allowed to.
    async fn delete_tags(
        &self,
        request: Request<v1::DeleteTagsRequest>,
    ) -> Result<Response<v1::DeleteTagsResponse>, Status> {
        self.note(&request);
        self.arrived.add_permits(1);
        self.released.acquire().await.unwrap().forget();
        Ok(Response::new(v1::DeleteTagsResponse {}))
    }

    async fn describe_tags(
        &self,
        request: Request<v1::DescribeTagsRequest>,
    ) -> Result<Response<v1::DescribeTagsResult>, Status> {
        let caller = self.note(&request);
        self.filters.lock().unwrap().extend(request.into_inner().filters);
        let tag = |key: &str| v1::TagDescription {
            key: Some(key.to_owned()),
            value: Some(caller.account.clone()),
            ..Default::default()
        };
        Ok(Response::new(v1::DescribeTagsResult { tags: vec![tag("a<b"), tag("c")], next_token: None }))
    }
}

#[tonic::async_trait]
impl Admin for Seen {
    async fn reset(&self, request: Request<ResetRequest>) -> Result<Response<ResetResponse>, Status> {
        self.resets.lock().unwrap().push(request.into_inner().account);
        Ok(Response::new(ResetResponse {}))
    }

    async fn clock(&self, request: Request<ClockRequest>) -> Result<Response<ClockResponse>, Status> {
        let request = request.into_inner();
        self.clocks.lock().unwrap().push(request);
        Ok(Response::new(ClockResponse { now_ms: 1_412_164_800_000, scale: request.scale.unwrap_or(1.0) }))
    }

    async fn schedule_event(
        &self,
        request: Request<ScheduleEventRequest>,
    ) -> Result<Response<ScheduleEventResponse>, Status> {
        let instance_event_id = format!("event of {}", request.into_inner().instance_id);
        Ok(Response::new(ScheduleEventResponse { instance_event_id }))
    }

    async fn impair_volume(&self, _: Request<ImpairVolumeRequest>) -> Result<Response<ImpairVolumeResponse>, Status> {
        Ok(Response::new(ImpairVolumeResponse {}))
    }

    async fn set_vpn_tunnel(&self, _: Request<SetVpnTunnelRequest>) -> Result<Response<SetVpnTunnelResponse>, Status> {
        Ok(Response::new(SetVpnTunnelResponse {}))
    }

    async fn impair_instance(
        &self,
        _: Request<ImpairInstanceRequest>,
    ) -> Result<Response<ImpairInstanceResponse>, Status> {
        Ok(Response::new(ImpairInstanceResponse {}))
    }

    async fn statistics(&self, _: Request<StatisticsRequest>) -> Result<Response<StatisticsResponse>, Status> {
        Ok(Response::new(StatisticsResponse::default()))
    }

    async fn capacity(&self, request: Request<CapacityRequest>) -> Result<Response<CapacityResponse>, Status> {
        let request = request.into_inner();
        self.capacities.lock().unwrap().push(request.clone());
        Ok(Response::new(CapacityResponse { bounds: request.bounds, pools: Vec::new() }))
    }

    async fn interrupt_spot(
        &self,
        request: Request<InterruptSpotRequest>,
    ) -> Result<Response<InterruptSpotResponse>, Status> {
        self.interruptions.lock().unwrap().extend(request.into_inner().instance_ids);
        Ok(Response::new(InterruptSpotResponse {}))
    }

    async fn consistency(&self, _: Request<ConsistencyRequest>) -> Result<Response<ConsistencyResponse>, Status> {
        Ok(Response::new(ConsistencyResponse::default()))
    }

    async fn metrics(&self, _: Request<MetricsRequest>) -> Result<Response<MetricsResponse>, Status> {
        Ok(Response::new(MetricsResponse::default()))
    }
}
