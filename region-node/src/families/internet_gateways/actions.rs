//! The actions on internet gateways (reference: "Internet Gateways").

use archipelago_proto::ec2::v1::{
    AttachInternetGatewayRequest, AttachInternetGatewayResponse, CreateInternetGatewayRequest,
    CreateInternetGatewayResult, DeleteInternetGatewayRequest, DeleteInternetGatewayResponse,
    DescribeInternetGatewaysRequest, DescribeInternetGatewaysResult, DetachInternetGatewayRequest,
    DetachInternetGatewayResponse, InternetGateway,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::FILTERS;
use super::{InternetGatewayCommand, InternetGatewayState};
use crate::entity::{Entity as _, Id, Undo, workflow};
use crate::families::vpcs::VpcCommand;
use crate::request::{Action, Context, Describe, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(attach_internet_gateway),
        Action::new(create_internet_gateway),
        Action::new(delete_internet_gateway),
        Action::new(describe_internet_gateways),
        Action::new(detach_internet_gateway),
    ]
}

async fn create_internet_gateway(
    cx: Context,
    input: CreateInternetGatewayRequest,
) -> Ec2Result<CreateInternetGatewayResult> {
    let kind = &InternetGatewayState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let id = cx.internet_gateways.fresh_id();
    let public = InternetGateway {
        attachments: Vec::new(),
        internet_gateway_id: Some(id.to_string()),
        owner_id: Some(cx.account.to_string()),
        tags,
    };
    let mut batch = cx.batch();
    batch.create(&cx.internet_gateways, &id, InternetGatewayState::new(public.clone()))?;
    cx.commit(batch, CreateInternetGatewayResult { internet_gateway: Some(public) }).await
}

async fn delete_internet_gateway(
    cx: Context,
    input: DeleteInternetGatewayRequest,
) -> Ec2Result<DeleteInternetGatewayResponse> {
    let gateway = cx.internet_gateways.find(&cx.account, input.internet_gateway_id())?;
    cx.internet_gateways.ask(&gateway.id, InternetGatewayCommand::Delete).await?;
    Ok(DeleteInternetGatewayResponse {})
}

async fn describe_internet_gateways(
    cx: Context,
    input: DescribeInternetGatewaysRequest,
) -> Ec2Result<DescribeInternetGatewaysResult> {
    let describe = Describe {
        ids: &input.internet_gateway_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.internet_gateways, FILTERS)?;
    let internet_gateways = page.map(|gateway| gateway.state.public.clone());
    Ok(DescribeInternetGatewaysResult { internet_gateways, next_token: page.next_token })
}

/// The VPC's place for a gateway is reserved before the gateway goes there.
async fn attach_internet_gateway(
    cx: Context,
    input: AttachInternetGatewayRequest,
) -> Ec2Result<AttachInternetGatewayResponse> {
    let gateway = cx.internet_gateways.find(&cx.account, input.internet_gateway_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    gateway.state.check_free(&gateway.id)?;
    let mut undo = Undo::default();
    cx.vpcs.ask(&vpc.id, VpcCommand::TakeGateway(gateway.id.clone())).await?;
    let (vpcs, id, taken) = (cx.vpcs.clone(), vpc.id.clone(), gateway.id.clone());
    undo.push(async move { drop(vpcs.ask(&id, VpcCommand::FreeGateway(taken)).await) });
    let attach = InternetGatewayCommand::Attach(vpc.id.clone());
    let outcome = cx.internet_gateways.ask(&gateway.id, attach).await;
    workflow(undo, outcome).await?;
    Ok(AttachInternetGatewayResponse {})
}

async fn detach_internet_gateway(
    cx: Context,
    input: DetachInternetGatewayRequest,
) -> Ec2Result<DetachInternetGatewayResponse> {
    let gateway = cx.internet_gateways.find(&cx.account, input.internet_gateway_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    if gateway.state.vpc() == Some(&*vpc.id) {
        check_no_public_addresses(&cx, &vpc.id)?;
    }
    cx.internet_gateways.ask(&gateway.id, InternetGatewayCommand::Detach(vpc.id.clone())).await?;
    cx.vpcs.ask(&vpc.id, VpcCommand::FreeGateway(gateway.id.clone())).await?;
    Ok(DetachInternetGatewayResponse {})
}

/// Public addresses reach the VPC through its gateway.
fn check_no_public_addresses(cx: &Context, vpc: &Id) -> Ec2Result<()> {
    let interfaces = cx.network_interfaces.linked_to(vpc);
    let mut interfaces = interfaces.values();
    if interfaces.any(|eni| eni.state.public_ip.is_some() || !cx.addresses.linked_to(&eni.id).is_empty()) {
        return Err(Ec2Error::dependency_violation(format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching \
             the gateway."
        )));
    }
    Ok(())
}
