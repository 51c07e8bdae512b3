//! The actions on subnets (reference: CreateSubnet, DeleteSubnet, DescribeSubnets, ModifySubnetAttribute).

use archipelago_proto::ec2::v1::{
    BlockPublicAccessStates, CreateSubnetRequest, CreateSubnetResult, DeleteSubnetRequest, DeleteSubnetResponse,
    DescribeSubnetsRequest, DescribeSubnetsResult, ModifySubnetAttributeRequest, ModifySubnetAttributeResponse, Subnet,
    SubnetCidrBlockState, SubnetIpv6CidrBlockAssociation, Tag,
};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::attributes::{Attribute, dns_options};
use super::filters::FILTERS;
use super::{Association, SubnetCommand, SubnetState};
use crate::entity::{Entity as _, Id, Undo, workflow};
use crate::families::vpcs::VpcCommand;
use crate::request::{Context, Describe, family, ipv4_block, ipv6_block, tags_for};
use crate::time::Transition;

family! {
    SubnetsService in subnets_service_server {
        create_subnet(CreateSubnetRequest),
        delete_subnet(DeleteSubnetRequest),
        describe_subnets(DescribeSubnetsRequest),
        modify_subnet_attribute(ModifySubnetAttributeRequest),
    }
}

async fn create_subnet(cx: Context, input: CreateSubnetRequest) -> Ec2Result<CreateSubnetResult> {
    let kind = &SubnetState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    refuse_pools(&input)?;
    let (ipv4, ipv6) = blocks(&input)?;
    let zone = zone(&cx, &input)?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;

    let id = cx.subnets.fresh_id();
    let new = NewSubnet { vpc: &vpc.id, zone, ipv4, ipv6, default: false, tags };
    let subnet = new.state(&cx, &id, &vpc.state.default_acl);
    let response = CreateSubnetResult { subnet: Some(subnet.view()) };

    let mut undo = Undo::default();
    let (taken, by) = (subnet.blocks(), id.clone());
    cx.vpcs.ask(&vpc.id, VpcCommand::TakeBlocks { blocks: taken.clone(), by: by.clone() }).await?;
    let (vpcs, vpc) = (cx.vpcs.clone(), vpc.id.clone());
    undo.push(async move { drop(vpcs.ask(&vpc, VpcCommand::FreeBlocks { blocks: taken, by }).await) });

    let mut batch = cx.batch();
    let outcome = match batch.create(&cx.subnets, &id, subnet) {
        Ok(()) => cx.commit(batch, response).await,
        Err(error) => Err(error),
    };
    workflow(undo, outcome).await
}

/// Address pools and Outposts are made by actions that do not exist here, so that no id of one is known.
fn refuse_pools(input: &CreateSubnetRequest) -> Ec2Result<()> {
    for pool in [&input.ipv4_ipam_pool_id, &input.ipv6_ipam_pool_id].into_iter().flatten() {
        let message = format!("The ipam-pool ID '{pool}' does not exist");
        return Err(Ec2Error::new("InvalidIpamPoolId.NotFound", message));
    }
    if input.ipv4_netmask_length.is_some() || input.ipv6_netmask_length.is_some() {
        return Err(Ec2Error::invalid_combination("A netmask length requires an IPAM pool"));
    }
    match &input.outpost_arn {
        Some(arn) => Err(Ec2Error::new("InvalidOutpostArn.NotFound", format!("The Outpost '{arn}' does not exist"))),
        None => Ok(()),
    }
}

/// IPv4 from /16 to /28; IPv6 /64, on its own only in an IPv6-native subnet.
fn blocks(input: &CreateSubnetRequest) -> Ec2Result<(Option<Ipv4Net>, Option<Ipv6Net>)> {
    let out_of_range = |block: &str| Ec2Error::new("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid."));
    let ipv4 = input.cidr_block.as_deref().map(|text| ipv4_block("cidrBlock", text)).transpose()?;
    let ipv6 = input.ipv6_cidr_block.as_deref().map(|text| ipv6_block("ipv6CidrBlock", text)).transpose()?;
    match (ipv4, ipv6) {
        (Some(block), _) if input.ipv6_native() => {
            let message = format!("An IPv6-only subnet cannot have the IPv4 CIDR block {block}");
            Err(Ec2Error::invalid_combination(message))
        }
        (None, None) if input.ipv6_native() => Err(Ec2Error::missing_parameter("ipv6CidrBlock")),
        (None, _) if !input.ipv6_native() => {
            Err(Ec2Error::new("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided."))
        }
        (Some(block), _) if !(16..=28).contains(&block.prefix_len()) => Err(out_of_range(&block.to_string())),
        (_, Some(block)) if block.prefix_len() != 64 => Err(out_of_range(&block.to_string())),
        both => Ok(both),
    }
}

/// By its name or its id; the first one if there is neither.
fn zone(cx: &Context, input: &CreateSubnetRequest) -> Ec2Result<&'static Zone> {
    let mut zones = cx.facts.availability_zones();
    let (parameter, value, zone) = match (&input.availability_zone, &input.availability_zone_id) {
        (Some(_), Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters availabilityZone and availabilityZoneId may not be specified together",
            ));
        }
        (Some(name), None) => ("availabilityZone", name.as_str(), zones.find(|zone| zone.name == *name)),
        (None, Some(id)) => ("availabilityZoneId", id.as_str(), zones.find(|zone| zone.id == *id)),
        (None, None) => ("availabilityZone", "", zones.next()),
    };
    zone.ok_or_else(|| {
        let names = cx.facts.availability_zones().map(|zone| zone.name).collect::<Vec<_>>().join(", ");
        Ec2Error::invalid_parameter(format!(
            "Value ({value}) for parameter {parameter} is invalid. Subnets can currently only be created in the following availability zones: {names}."
        ))
    })
}

/// What a subnet is to be.
pub struct NewSubnet<'a> {
    pub vpc: &'a Id,
    pub zone: &'static Zone,
    pub ipv4: Option<Ipv4Net>,
    pub ipv6: Option<Ipv6Net>,
    /// The default one of its zone.
    pub default: bool,
    pub tags: Vec<Tag>,
}

impl NewSubnet<'_> {
    pub fn blocks(&self) -> impl Iterator<Item = IpNet> {
        self.ipv4.map(IpNet::from).into_iter().chain(self.ipv6.map(IpNet::from))
    }

    /// The subnet, associated with its VPC's default ACL.
    pub fn state(self, cx: &Context, id: &Id, default_acl: &Id) -> SubnetState {
        let native = self.ipv4.is_none();
        let public = Subnet {
            availability_zone_id: Some(self.zone.id.into()),
            map_customer_owned_ip_on_launch: Some(false),
            owner_id: Some(cx.account.to_string()),
            assign_ipv6_address_on_creation: Some(native),
            ipv6_cidr_block_association_set: self.ipv6.into_iter().map(|block| ipv6_association(cx, block)).collect(),
            tags: self.tags,
            subnet_arn: Some(cx.arn("subnet", id)),
            enable_dns64: Some(false),
            ipv6_native: Some(native),
            private_dns_name_options_on_launch: Some(dns_options(native)),
            block_public_access_states: Some(BlockPublicAccessStates {
                internet_gateway_block_mode: Some("off".into()),
            }),
            subnet_id: Some(id.to_string()),
            state: Some("pending".into()),
            vpc_id: Some(self.vpc.to_string()),
            cidr_block: self.ipv4.map(|block| block.to_string()),
            availability_zone: Some(self.zone.name.into()),
            default_for_az: Some(self.default),
            map_public_ip_on_launch: Some(self.default),
            ..Subnet::default()
        };
        let acl = Association { id: cx.shell.ids.prefixed("aclassoc"), to: default_acl.clone() };
        let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::SubnetCreate);
        SubnetState::new(public, acl, settles)
    }
}

fn ipv6_association(cx: &Context, block: Ipv6Net) -> SubnetIpv6CidrBlockAssociation {
    SubnetIpv6CidrBlockAssociation {
        association_id: Some(cx.shell.ids.prefixed("subnet-cidr-assoc").to_string()),
        ipv6_cidr_block: Some(block.to_string()),
        ipv6_cidr_block_state: Some(SubnetCidrBlockState { state: Some("associating".into()), status_message: None }),
        ipv6_address_attribute: Some("public".into()),
        ip_source: Some("amazon".into()),
    }
}

async fn delete_subnet(cx: Context, input: DeleteSubnetRequest) -> Ec2Result<DeleteSubnetResponse> {
    let subnet = cx.subnets.find(&cx.account, input.subnet_id())?;
    let gone = cx.subnets.ask(&subnet.id, SubnetCommand::Delete).await?.published;
    let free = VpcCommand::FreeBlocks { blocks: gone.state.blocks(), by: gone.id.clone() };
    cx.vpcs.ask(&Id::new(gone.state.public.vpc_id()), free).await?;
    Ok(DeleteSubnetResponse {})
}

async fn describe_subnets(cx: Context, input: DescribeSubnetsRequest) -> Ec2Result<DescribeSubnetsResult> {
    let describe = Describe {
        ids: &input.subnet_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.subnets, FILTERS)?;
    let subnets = page.map(|subnet| subnet.state.view());
    Ok(DescribeSubnetsResult { next_token: page.next_token, subnets })
}

async fn modify_subnet_attribute(
    cx: Context,
    input: ModifySubnetAttributeRequest,
) -> Ec2Result<ModifySubnetAttributeResponse> {
    let attribute = Attribute::of(&input)?;
    let subnet = cx.subnets.find(&cx.account, input.subnet_id())?;
    cx.subnets.ask(&subnet.id, SubnetCommand::Set(attribute)).await?;
    Ok(ModifySubnetAttributeResponse {})
}
