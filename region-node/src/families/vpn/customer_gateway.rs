//! Customer gateways: what is known of the other end of a VPN.

use std::net::IpAddr;

use archipelago_proto::ec2::v1::{
    CreateCustomerGatewayRequest, CreateCustomerGatewayResult, CustomerGateway, DeleteCustomerGatewayRequest,
    DeleteCustomerGatewayResponse, DescribeCustomerGatewaysRequest, DescribeCustomerGatewaysResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::VISIBLE;
use super::filters::CUSTOMER_GATEWAYS;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::request::{Context, Describe, tags_for};
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct CustomerGatewayState {
    #[prost(message, required, tag = "1")]
    pub public: CustomerGateway,
    /// Until when it is shown though it is deleted.
    #[prost(int64, optional, tag = "2")]
    forgotten: Option<Millis>,
}

pub enum CustomerGatewayCommand {
    Delete,
}

impl CustomerGatewayState {
    pub(super) fn is_deleted(&self) -> bool {
        self.forgotten.is_some()
    }
}

impl Entity for CustomerGatewayState {
    const KIND: Kind = Kind {
        resource_type: "customer-gateway",
        prefix: "cgw",
        not_found: "InvalidCustomerGatewayID.NotFound",
        malformed: "InvalidCustomerGatewayId.Malformed",
        noun: "customerGateway ID",
    };
    type Command = CustomerGatewayCommand;
    type Reply = ();

    fn decide(&self, command: CustomerGatewayCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let CustomerGatewayCommand::Delete = command;
        if self.is_deleted() {
            return Err(Self::KIND.not_found(facts.id));
        }
        if !facts.dependents.is_empty() {
            return Err(Ec2Error::new("IncorrectState", "The customer gateway is in use."));
        }
        let mut next = self.clone();
        next.public.state = Some("deleted".into());
        next.forgotten = Some(facts.now + VISIBLE);
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.forgotten
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        Next::Gone(self.clone())
    }

    fn links(&self) -> Vec<Id> {
        Vec::new()
    }

    fn counts(&self) -> bool {
        !self.is_deleted()
    }

    resource!(tags);
}

/// AWS: the default of a device without a number of its own.
const DEFAULT_ASN: i32 = 65_000;

/// Two with the same address, number and device name are one and the same (AWS: CreateCustomerGateway).
pub(super) async fn create_customer_gateway(
    cx: Context,
    input: CreateCustomerGatewayRequest,
) -> Ec2Result<CreateCustomerGatewayResult> {
    let kind = &CustomerGatewayState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let (bgp_asn, bgp_asn_extended) = asn(&input)?;
    let address = input.ip_address.or(input.public_ip);
    if address.is_none() && input.certificate_arn.is_none() {
        return Err(Ec2Error::missing_parameter("IpAddress"));
    }
    if let Some(address) = address.as_deref().filter(|address| address.parse::<IpAddr>().is_err()) {
        return Err(Ec2Error::invalid_value("ipAddress", address));
    }
    if let Some(name) = input.device_name.as_deref().filter(|name| name.chars().count() > 255) {
        return Err(Ec2Error::invalid_value("deviceName", name));
    }
    let id = cx.customer_gateways.fresh_id();
    let public = CustomerGateway {
        certificate_arn: input.certificate_arn,
        device_name: input.device_name,
        tags,
        bgp_asn_extended,
        customer_gateway_id: Some(id.to_string()),
        state: Some("available".into()),
        r#type: input.r#type,
        ip_address: address,
        bgp_asn,
    };
    let same = |known: &CustomerGateway| {
        CustomerGateway {
            customer_gateway_id: public.customer_gateway_id.clone(),
            tags: public.tags.clone(),
            ..known.clone()
        } == public
    };
    let owned = cx.customer_gateways.owned_by(&cx.account);
    if let Some(known) = owned.values().find(|known| !known.state.is_deleted() && same(&known.state.public)) {
        return Ok(CreateCustomerGatewayResult { customer_gateway: Some(known.state.public.clone()) });
    }
    let mut batch = cx.batch();
    let state = CustomerGatewayState { public: public.clone(), forgotten: None };
    batch.create(&cx.customer_gateways, &id, state)?;
    cx.commit(batch, CreateCustomerGatewayResult { customer_gateway: Some(public) }).await
}

/// The number as it is shown: a large one has a place of its own.
fn asn(input: &CreateCustomerGatewayRequest) -> Ec2Result<(Option<String>, Option<String>)> {
    match (input.bgp_asn, input.bgp_asn_extended) {
        (Some(_), Some(_)) => {
            Err(Ec2Error::invalid_combination("The parameters BgpAsn and BgpAsnExtended may not be specified together"))
        }
        (None, Some(asn)) if (2_147_483_648..=4_294_967_295).contains(&asn) => Ok((None, Some(asn.to_string()))),
        (None, Some(asn)) => Err(Ec2Error::invalid_value("bgpAsnExtended", asn)),
        (Some(asn), None) if asn < 1 => Err(Ec2Error::invalid_value("bgpAsn", asn)),
        (asn, None) => Ok((Some(asn.unwrap_or(DEFAULT_ASN).to_string()), None)),
    }
}

pub(super) async fn delete_customer_gateway(
    cx: Context,
    input: DeleteCustomerGatewayRequest,
) -> Ec2Result<DeleteCustomerGatewayResponse> {
    let gateway = cx.customer_gateways.find(&cx.account, input.customer_gateway_id())?;
    cx.customer_gateways.ask(&gateway.id, CustomerGatewayCommand::Delete).await?;
    Ok(DeleteCustomerGatewayResponse {})
}

pub(super) async fn describe_customer_gateways(
    cx: Context,
    input: DescribeCustomerGatewaysRequest,
) -> Ec2Result<DescribeCustomerGatewaysResult> {
    let describe = Describe { ids: &input.customer_gateway_ids, filters: &input.filters, ..Describe::default() };
    let page = describe.find(&cx, &cx.customer_gateways, CUSTOMER_GATEWAYS)?;
    Ok(DescribeCustomerGatewaysResult { customer_gateways: page.map(|gateway| gateway.state.public.clone()) })
}
