//! What the operator asks of a node (proto: cluster.v1.Admin).

use std::sync::Arc;

use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::admin_server::Admin;
use archipelago_proto::cluster::v1::{
    ClockRequest, ClockResponse, ImpairVolumeRequest, ImpairVolumeResponse, KindStatistics, MetricsRequest,
    MetricsResponse, ResetRequest, ResetResponse, ScheduleEventRequest, ScheduleEventResponse, StatisticsRequest,
    StatisticsResponse,
};
use tonic::{Request, Response, Status};

use crate::metering::Metrics;
use crate::{Region, incidents};

pub(crate) struct Operator {
    pub(crate) region: Arc<Region>,
    pub(crate) metrics: Metrics,
}

#[tonic::async_trait]
impl Admin for Operator {
    async fn reset(&self, request: Request<ResetRequest>) -> Result<Response<ResetResponse>, Status> {
        let account = request.into_inner().account;
        self.region.reset(Some(account.as_str()).filter(|account| !account.is_empty())).await?;
        Ok(Response::new(ResetResponse {}))
    }

    async fn clock(&self, request: Request<ClockRequest>) -> Result<Response<ClockResponse>, Status> {
        let request = request.into_inner();
        let invalid = |what: &str| Status::from(Ec2Error::invalid_parameter(what));
        let advance = i64::try_from(request.advance_ms).map_err(|_| invalid("The clock cannot go that far"))?;
        if request.scale.is_some_and(|scale| !(0.0..=1e9).contains(&scale)) {
            return Err(invalid("The clock's scale must lie between 0 and 1000000000"));
        }
        self.region.advance(advance).await;
        let clock = &self.region.shell.clock;
        if let Some(scale) = request.scale {
            clock.set_scale(scale);
        }
        Ok(Response::new(ClockResponse { now_ms: clock.now(), scale: clock.scale() }))
    }

    async fn schedule_event(
        &self,
        request: Request<ScheduleEventRequest>,
    ) -> Result<Response<ScheduleEventResponse>, Status> {
        let instance_event_id = incidents::schedule(&self.region, request.into_inner()).await?;
        Ok(Response::new(ScheduleEventResponse { instance_event_id }))
    }

    async fn impair_volume(
        &self,
        request: Request<ImpairVolumeRequest>,
    ) -> Result<Response<ImpairVolumeResponse>, Status> {
        incidents::impair(&self.region, &request.into_inner()).await?;
        Ok(Response::new(ImpairVolumeResponse {}))
    }

    async fn statistics(&self, _: Request<StatisticsRequest>) -> Result<Response<StatisticsResponse>, Status> {
        let hosts = self.region.shell.registry().hosts();
        let mut kinds: Vec<_> = hosts
            .map(|host| KindStatistics {
                kind: host.kind().resource_type.to_owned(),
                resources: host.resources() as u64,
                live_actors: host.live() as u64,
            })
            .collect();
        kinds.sort_by(|a, b| a.kind.cmp(&b.kind));
        Ok(Response::new(StatisticsResponse { region: self.region.facts.name.to_owned(), kinds }))
    }

    async fn metrics(&self, _: Request<MetricsRequest>) -> Result<Response<MetricsResponse>, Status> {
        Ok(Response::new(MetricsResponse { text: self.metrics.render(&self.region) }))
    }
}
