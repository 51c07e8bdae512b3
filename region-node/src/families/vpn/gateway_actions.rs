//! The actions on virtual private gateways.

use archipelago_proto::ec2::v1::{
    AttachVpnGatewayRequest, AttachVpnGatewayResult, CreateVpnGatewayRequest, CreateVpnGatewayResult,
    DeleteVpnGatewayRequest, DeleteVpnGatewayResponse, DescribeVpnGatewaysRequest, DescribeVpnGatewaysResult,
    DetachVpnGatewayRequest, DetachVpnGatewayResponse, VpnGateway,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::GATEWAYS;
use super::{VpnGatewayCommand, VpnGatewayState};
use crate::entity::{Entity as _, Undo, workflow};
use crate::families::vpcs::VpcCommand;
use crate::request::{Context, Describe, tags_for};

/// AWS: 64512 to 65534, or 4200000000 to 4294967294; 64512 if there is none.
fn asn(given: Option<i64>) -> Ec2Result<i64> {
    let asn = given.unwrap_or(64_512);
    if (64_512..=65_534).contains(&asn) || (4_200_000_000..=4_294_967_294).contains(&asn) {
        return Ok(asn);
    }
    Err(Ec2Error::invalid_value("amazonSideAsn", asn))
}

pub(super) async fn create_vpn_gateway(
    cx: Context,
    input: CreateVpnGatewayRequest,
) -> Ec2Result<CreateVpnGatewayResult> {
    let kind = &VpnGatewayState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let amazon_side_asn = Some(asn(input.amazon_side_asn)?);
    // An empty one is none, as Terraform spells it.
    let zone = input.availability_zone.filter(|zone| !zone.is_empty());
    if let Some(zone) = &zone {
        let known = cx.facts.availability_zones().any(|known| known.name == zone);
        if !known {
            return Err(Ec2Error::invalid_value("availabilityZone", zone));
        }
    }
    let id = cx.vpn_gateways.fresh_id();
    let public = VpnGateway {
        amazon_side_asn,
        tags,
        vpn_gateway_id: Some(id.to_string()),
        state: Some("available".into()),
        r#type: input.r#type,
        availability_zone: zone,
        vpc_attachments: Vec::new(),
    };
    let mut batch = cx.batch();
    batch.create(&cx.vpn_gateways, &id, VpnGatewayState::new(public.clone()))?;
    cx.commit(batch, CreateVpnGatewayResult { vpn_gateway: Some(public) }).await
}

pub(super) async fn delete_vpn_gateway(
    cx: Context,
    input: DeleteVpnGatewayRequest,
) -> Ec2Result<DeleteVpnGatewayResponse> {
    let gateway = cx.vpn_gateways.find(&cx.account, input.vpn_gateway_id())?;
    cx.vpn_gateways.ask(&gateway.id, VpnGatewayCommand::Delete).await?;
    Ok(DeleteVpnGatewayResponse {})
}

pub(super) async fn describe_vpn_gateways(
    cx: Context,
    input: DescribeVpnGatewaysRequest,
) -> Ec2Result<DescribeVpnGatewaysResult> {
    let describe = Describe { ids: &input.vpn_gateway_ids, filters: &input.filters, ..Describe::default() };
    let page = describe.find(&cx, &cx.vpn_gateways, GATEWAYS)?;
    Ok(DescribeVpnGatewaysResult { vpn_gateways: page.map(|gateway| gateway.state.public.clone()) })
}

/// The VPC's place for a gateway is reserved before the gateway goes there.
pub(super) async fn attach_vpn_gateway(
    cx: Context,
    input: AttachVpnGatewayRequest,
) -> Ec2Result<AttachVpnGatewayResult> {
    let gateway = cx.vpn_gateways.find(&cx.account, input.vpn_gateway_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let mut undo = Undo::default();
    cx.vpcs.ask(&vpc.id, VpcCommand::TakeVpnGateway(gateway.id.clone())).await?;
    if gateway.state.vpc() != Some(&*vpc.id) {
        let (vpcs, id, taken) = (cx.vpcs.clone(), vpc.id.clone(), gateway.id.clone());
        undo.push(async move { drop(vpcs.ask(&id, VpcCommand::FreeVpnGateway(taken)).await) });
    }
    let outcome = cx.vpn_gateways.ask(&gateway.id, VpnGatewayCommand::Attach(vpc.id.clone())).await;
    let attached = workflow(undo, outcome).await?.published;
    Ok(AttachVpnGatewayResult { vpc_attachment: attached.state.public.vpc_attachments.first().cloned() })
}

pub(super) async fn detach_vpn_gateway(
    cx: Context,
    input: DetachVpnGatewayRequest,
) -> Ec2Result<DetachVpnGatewayResponse> {
    let gateway = cx.vpn_gateways.find(&cx.account, input.vpn_gateway_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    cx.vpn_gateways.ask(&gateway.id, VpnGatewayCommand::Detach(vpc.id.clone())).await?;
    cx.vpcs.ask(&vpc.id, VpcCommand::FreeVpnGateway(gateway.id.clone())).await?;
    Ok(DetachVpnGatewayResponse {})
}
