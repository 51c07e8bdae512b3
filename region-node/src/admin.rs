//! What the operator asks of a node (proto: cluster.v1.Admin).

use std::sync::Arc;

use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::admin_server::Admin;
use archipelago_proto::cluster::v1::{
    CapacityBound, CapacityPool, CapacityRequest, CapacityResponse, ClockRequest, ClockResponse, ConsistencyRequest,
    ConsistencyResponse, ConsistencyRule, ImpairInstanceRequest, ImpairInstanceResponse, ImpairVolumeRequest,
    ImpairVolumeResponse, InterruptSpotRequest, InterruptSpotResponse, KindStatistics, MetricsRequest, MetricsResponse,
    QuotasRequest, QuotasResponse, ResetRequest, ResetResponse, ScheduleEventRequest, ScheduleEventResponse,
    SetVpnTunnelRequest, SetVpnTunnelResponse, StatisticsRequest, StatisticsResponse,
};
use tonic::{Request, Response, Status};

use crate::capacity::Bound;
use crate::consistency::{Delay, Rule};
use crate::metering::Metrics;
use crate::{Region, families, incidents, quotas};

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

    async fn set_vpn_tunnel(
        &self,
        request: Request<SetVpnTunnelRequest>,
    ) -> Result<Response<SetVpnTunnelResponse>, Status> {
        incidents::set_tunnel(&self.region, request.into_inner()).await?;
        Ok(Response::new(SetVpnTunnelResponse {}))
    }

    async fn impair_instance(
        &self,
        request: Request<ImpairInstanceRequest>,
    ) -> Result<Response<ImpairInstanceResponse>, Status> {
        let request = request.into_inner();
        families::impair_instance(&self.region, &request.instance_id, request.healed).await?;
        Ok(Response::new(ImpairInstanceResponse {}))
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
        let created = self.region.shell.created();
        Ok(Response::new(StatisticsResponse { region: self.region.facts.name.to_owned(), kinds, created }))
    }

    async fn capacity(&self, request: Request<CapacityRequest>) -> Result<Response<CapacityResponse>, Status> {
        let request = request.into_inner();
        let bounds = request.bounds.into_iter().map(read_bound).collect::<Result<Vec<_>, _>>()?;
        let capacity = &self.region.capacity;
        let changes = request.unbound || !bounds.is_empty();
        if request.unbound {
            capacity.unbound();
        }
        bounds.into_iter().for_each(|bound| capacity.set(bound));
        if changes {
            self.region.shell.store.commit(vec![capacity.record()]).await.map_err(Ec2Error::from)?;
            families::room_changed(&self.region).await;
        }
        let pools = capacity.usage().into_iter().map(|(pool, used, limit)| CapacityPool {
            zone: pool.zone.to_string(),
            instance_type: pool.instance_type.to_string(),
            market: pool.market.to_string(),
            used: used as u64,
            limit,
        });
        let bounds = capacity.all_bounds().into_iter().map(|bound| CapacityBound {
            zone: bound.zone,
            instance_type: bound.instance_type,
            market: bound.market.map_or_else(String::new, |market| market.to_string()),
            limit: bound.limit,
        });
        Ok(Response::new(CapacityResponse { bounds: bounds.collect(), pools: pools.collect() }))
    }

    async fn quotas(&self, request: Request<QuotasRequest>) -> Result<Response<QuotasResponse>, Status> {
        Ok(Response::new(quotas::answer(&self.region, request.into_inner()).await?))
    }

    async fn consistency(&self, request: Request<ConsistencyRequest>) -> Result<Response<ConsistencyResponse>, Status> {
        let ConsistencyRequest { configured, clear, rules } = request.into_inner();
        let rules: Vec<_> = rules.into_iter().map(read_rule).collect();
        rules.iter().try_for_each(Rule::check).map_err(Ec2Error::invalid_parameter)?;
        let consistency = &self.region.shell.consistency;
        if configured || clear {
            consistency.set(clear.then(Vec::new));
        }
        let changes = configured || clear || !rules.is_empty();
        rules.into_iter().for_each(|rule| consistency.add(rule));
        if changes {
            self.region.shell.store.commit(vec![consistency.record()]).await.map_err(Ec2Error::from)?;
        }
        let rules = consistency.in_force().into_iter().map(|rule| ConsistencyRule {
            kind: rule.kind,
            action: rule.action,
            min: rule.delay.min,
            max: rule.delay.max,
        });
        Ok(Response::new(ConsistencyResponse { rules: rules.collect() }))
    }

    async fn interrupt_spot(
        &self,
        request: Request<InterruptSpotRequest>,
    ) -> Result<Response<InterruptSpotResponse>, Status> {
        families::interrupt_spot(&self.region, &request.into_inner().instance_ids).await?;
        Ok(Response::new(InterruptSpotResponse {}))
    }

    async fn metrics(&self, _: Request<MetricsRequest>) -> Result<Response<MetricsResponse>, Status> {
        Ok(Response::new(MetricsResponse { text: self.metrics.render(&self.region) }))
    }
}

fn read_rule(rule: ConsistencyRule) -> Rule {
    Rule { kind: rule.kind, action: rule.action, delay: Delay { min: rule.min, max: rule.max } }
}

fn read_bound(bound: CapacityBound) -> Result<Bound, Ec2Error> {
    let market = match bound.market.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|()| Ec2Error::invalid_value("market", text))?),
    };
    Ok(Bound { zone: bound.zone, instance_type: bound.instance_type, market, limit: bound.limit })
}
