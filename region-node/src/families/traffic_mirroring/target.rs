//! Who gets the copies: an interface, or a load balancer.

use archipelago_proto::ec2::v1::{
    CreateTrafficMirrorTargetRequest, CreateTrafficMirrorTargetResult, DeleteTrafficMirrorTargetRequest,
    DeleteTrafficMirrorTargetResult, DescribeTrafficMirrorTargetsRequest, DescribeTrafficMirrorTargetsResult,
    TrafficMirrorTarget,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::filters::TARGETS;
use crate::entity::{Decision, Entity, Facts, Id, Kind, resource};
use crate::request::{Context, Describe, tags_for};

#[derive(Clone, PartialEq, Message)]
pub struct MirrorTargetState {
    #[prost(message, required, tag = "1")]
    pub public: TrafficMirrorTarget,
}

pub enum MirrorTargetCommand {
    Delete,
}

impl Entity for MirrorTargetState {
    const KIND: Kind = Kind {
        resource_type: "traffic-mirror-target",
        prefix: "tmt",
        not_found: "InvalidTrafficMirrorTargetId.NotFound",
        malformed: "InvalidTrafficMirrorTargetId.Malformed",
        noun: "traffic mirror target ID",
    };
    type Command = MirrorTargetCommand;
    type Reply = ();

    fn decide(&self, command: MirrorTargetCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let MirrorTargetCommand::Delete = command;
        if facts.dependents.is_empty() {
            return Ok(Decision::gone(self.clone()));
        }
        Err(Ec2Error::new(
            "TrafficMirrorTargetInUse",
            format!("The traffic mirror target {} is in use by a session.", facts.id),
        ))
    }

    /// An endpoint is kept; an interface may go, and its sessions then copy to nobody.
    fn links(&self) -> Vec<Id> {
        self.public.gateway_load_balancer_endpoint_id.iter().map(|id| Id::new(id)).collect()
    }

    resource!(tags);
}

pub(super) async fn create_traffic_mirror_target(
    cx: Context,
    input: CreateTrafficMirrorTargetRequest,
) -> Ec2Result<CreateTrafficMirrorTargetResult> {
    let kind = &MirrorTargetState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let given =
        [&input.network_interface_id, &input.network_load_balancer_arn, &input.gateway_load_balancer_endpoint_id];
    let of = match given.map(Option::as_deref) {
        [Some(id), None, None] => cx.network_interfaces.find(&cx.account, id).map(|_| "network-interface")?,
        [None, Some(arn), None] => {
            if arn.split(':').nth(2) != Some("elasticloadbalancing") || !arn.contains(":loadbalancer/net/") {
                return Err(Ec2Error::invalid_value("networkLoadBalancerArn", arn));
            }
            "network-load-balancer"
        }
        [None, None, Some(id)] => {
            let endpoint = cx.vpc_endpoints.find(&cx.account, id)?;
            if !endpoint.state.is_gateway_load_balancer() {
                return Err(Ec2Error::invalid_value("gatewayLoadBalancerEndpointId", id));
            }
            "gateway-load-balancer-endpoint"
        }
        [None, None, None] => return Err(Ec2Error::missing_parameter("NetworkInterfaceId")),
        _ => {
            return Err(Ec2Error::invalid_combination(
                "Only one of NetworkInterfaceId, NetworkLoadBalancerArn and GatewayLoadBalancerEndpointId may be \
                 specified",
            ));
        }
    };
    let id = cx.traffic_mirror_targets.fresh_id();
    let public = TrafficMirrorTarget {
        traffic_mirror_target_id: Some(id.to_string()),
        network_interface_id: input.network_interface_id,
        network_load_balancer_arn: input.network_load_balancer_arn,
        r#type: Some(of.to_owned()),
        description: input.description,
        owner_id: Some(cx.account.to_string()),
        tags,
        gateway_load_balancer_endpoint_id: input.gateway_load_balancer_endpoint_id,
    };
    let mut batch = cx.batch();
    batch.create(&cx.traffic_mirror_targets, &id, MirrorTargetState { public: public.clone() })?;
    let response =
        CreateTrafficMirrorTargetResult { traffic_mirror_target: Some(public), client_token: input.client_token };
    cx.commit(batch, response).await
}

pub(super) async fn delete_traffic_mirror_target(
    cx: Context,
    input: DeleteTrafficMirrorTargetRequest,
) -> Ec2Result<DeleteTrafficMirrorTargetResult> {
    let target = cx.traffic_mirror_targets.find(&cx.account, input.traffic_mirror_target_id())?;
    cx.traffic_mirror_targets.ask(&target.id, MirrorTargetCommand::Delete).await?;
    Ok(DeleteTrafficMirrorTargetResult { traffic_mirror_target_id: input.traffic_mirror_target_id })
}

pub(super) async fn describe_traffic_mirror_targets(
    cx: Context,
    input: DescribeTrafficMirrorTargetsRequest,
) -> Ec2Result<DescribeTrafficMirrorTargetsResult> {
    let describe = Describe {
        ids: &input.traffic_mirror_target_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.traffic_mirror_targets, TARGETS)?;
    let traffic_mirror_targets = page.map(|target| target.state.public.clone());
    Ok(DescribeTrafficMirrorTargetsResult { traffic_mirror_targets, next_token: page.next_token })
}
