//! What an account has from its first call on (AWS: "Default VPCs"): a default VPC with a subnet in each
//! zone, an internet gateway, the routes to it, and the region's DHCP options.

use std::net::Ipv4Addr;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{AttributeValue, DhcpConfiguration, DhcpOptions, InternetGateway, Route};
use ipnet::Ipv4Net;

use super::state::Settings;
use super::{AccountState, account_id};
use crate::entity::{Batch, Entity as _, Id};
use crate::families::dhcp_options::DhcpOptionsState;
use crate::families::internet_gateways::InternetGatewayState;
use crate::families::security_groups::SecurityGroupState;
use crate::families::subnets::NewSubnet;
use crate::families::vpcs::{NewVpc, VpcState, create};
use crate::request::Context;

/// 172.31.0.0/16, and /20 for each zone's subnet.
const NETWORK: Ipv4Addr = Ipv4Addr::new(172, 31, 0, 0);
const VPC_SIZE: u8 = 16;
const SUBNET_SIZE: u8 = 20;

/// Makes the account's first resources, if it has none yet.
pub async fn settle(cx: &Context) -> Ec2Result<()> {
    let id = account_id(&cx.account);
    if cx.accounts.index().get(&id).is_some() {
        return Ok(());
    }
    let _first = cx.settling.lock().await;
    if cx.accounts.index().get(&id).is_some() {
        return Ok(());
    }
    let cx = Context::internal(&cx.region, &cx.account);
    let mut batch = cx.batch().given();
    let dhcp_options = create_dhcp_options(&cx, &mut batch)?;
    if cx.has_classic() {
        create_classic_group(&cx, &mut batch)?;
    } else {
        create_default_vpc(&cx, &mut batch, &dhcp_options)?;
    }
    let settings = Settings { default_dhcp_options: dhcp_options.to_string(), ..Settings::default() };
    batch.create(&cx.accounts, &id, AccountState::new(settings))?;
    batch.commit().await
}

/// An account with EC2-Classic has a default group there, in place of a default VPC.
fn create_classic_group(cx: &Context, batch: &mut Batch) -> Ec2Result<()> {
    let id = cx.security_groups.fresh_id();
    let arn = cx.arn(SecurityGroupState::KIND.resource_type, &id);
    batch.create(&cx.security_groups, &id, SecurityGroupState::classic_default(&id, &cx.account, arn, &cx.shell.ids))
}

/// The DHCP options of new VPCs: the account's first set while it exists, `default` after.
pub fn default_dhcp_options(cx: &Context) -> String {
    let account = cx.accounts.index().get(&account_id(&cx.account));
    let first = account.map(|account| account.state.settings.default_dhcp_options.clone()).unwrap_or_default();
    if cx.dhcp_options.index().get(&first).is_some() { first } else { "default".to_owned() }
}

fn create_dhcp_options(cx: &Context, batch: &mut Batch) -> Ec2Result<Id> {
    let id = cx.dhcp_options.fresh_id();
    let domain = match cx.facts.name {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    let option = |key: &str, value: &str| DhcpConfiguration {
        key: Some(key.to_owned()),
        values: vec![AttributeValue { value: Some(value.to_owned()) }],
    };
    let public = DhcpOptions {
        owner_id: Some(cx.account.to_string()),
        tags: Vec::new(),
        dhcp_options_id: Some(id.to_string()),
        dhcp_configurations: vec![option("domain-name", &domain), option("domain-name-servers", "AmazonProvidedDNS")],
    };
    batch.create(&cx.dhcp_options, &id, DhcpOptionsState { public })?;
    Ok(id)
}

/// Adds a default VPC and all that belongs to it to the batch.
pub fn create_default_vpc(cx: &Context, batch: &mut Batch, dhcp_options: &str) -> Ec2Result<VpcState> {
    let gateway = cx.internet_gateways.fresh_id();
    let cidr_block = Ipv4Net::new(NETWORK, VPC_SIZE).expect("16 is a length of IPv4 prefixes");
    let blocks = cidr_block.subnets(SUBNET_SIZE).expect("a /20 is smaller than a /16");
    let subnets: Vec<_> =
        cx.facts.availability_zones().zip(blocks).map(|(zone, block)| (cx.subnets.fresh_id(), zone, block)).collect();
    let anywhere = Route {
        destination_cidr_block: Some("0.0.0.0/0".into()),
        gateway_id: Some(gateway.to_string()),
        origin: Some("CreateRoute".into()),
        ..Route::default()
    };
    let new = NewVpc {
        id: cx.vpcs.fresh_id(),
        cidr_block,
        ipv6: None,
        pooled: (None, None),
        tenancy: "default",
        dhcp_options: dhcp_options.to_owned(),
        default: true,
        tags: Vec::new(),
        subnets: subnets.iter().map(|(id, _, block)| ((*block).into(), id.clone())).collect(),
        gateway: Some(gateway.clone()),
        routes: vec![anywhere],
    };
    let (vpc, state) = create(cx, batch, new)?;
    for (id, zone, block) in subnets {
        let new = NewSubnet { vpc: &vpc, zone, ipv4: Some(block), ipv6: None, default: true, tags: Vec::new() };
        batch.create(&cx.subnets, &id, new.state(cx, &id, &state.default_acl))?;
    }
    let public = InternetGateway {
        internet_gateway_id: Some(gateway.to_string()),
        owner_id: Some(cx.account.to_string()),
        ..InternetGateway::default()
    };
    batch.create(&cx.internet_gateways, &gateway, InternetGatewayState::new(public).attached_to(&vpc))?;
    Ok(state)
}
