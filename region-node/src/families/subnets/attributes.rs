//! What ModifySubnetAttribute changes, one attribute a call.

use archipelago_proto::ec2::v1::{
    AttributeBooleanValue, ModifySubnetAttributeRequest, PrivateDnsNameOptionsOnLaunch, Subnet,
};
use archipelago_proto::{Ec2Error, Ec2Result};

#[derive(Clone, Copy, Debug)]
pub enum Attribute {
    AssignIpv6AddressOnCreation(bool),
    MapPublicIpOnLaunch(bool),
    Dns64(bool),
    HostnameType(HostnameType),
    ResourceNameDnsARecord(bool),
    ResourceNameDnsAaaaRecord(bool),
    LniAtDeviceIndex(Option<i32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostnameType {
    IpName,
    ResourceName,
}

impl HostnameType {
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::IpName => "ip-name",
            Self::ResourceName => "resource-name",
        }
    }
}

impl Attribute {
    /// The one attribute that a request has.
    pub(super) fn of(input: &ModifySubnetAttributeRequest) -> Ec2Result<Self> {
        if input.map_customer_owned_ip_on_launch.is_some() || input.customer_owned_ipv4_pool.is_some() {
            return Err(Ec2Error::unsupported("Customer-owned addresses are for subnets of an Outpost only."));
        }
        let flag = |value: &Option<AttributeBooleanValue>| value.as_ref().map(AttributeBooleanValue::value);
        let hostname_type = match input.private_dns_hostname_type_on_launch.as_deref() {
            None => None,
            Some("ip-name") => Some(HostnameType::IpName),
            Some("resource-name") => Some(HostnameType::ResourceName),
            Some(other) => return Err(Ec2Error::invalid_value("privateDnsHostnameTypeOnLaunch", other)),
        };
        let disabled = flag(&input.disable_lni_at_device_index);
        if disabled == Some(false) {
            return Err(Ec2Error::invalid_value("disableLniAtDeviceIndex", false));
        }
        let given = [
            flag(&input.assign_ipv6_address_on_creation).map(Self::AssignIpv6AddressOnCreation),
            flag(&input.map_public_ip_on_launch).map(Self::MapPublicIpOnLaunch),
            flag(&input.enable_dns64).map(Self::Dns64),
            hostname_type.map(Self::HostnameType),
            flag(&input.enable_resource_name_dns_a_record_on_launch).map(Self::ResourceNameDnsARecord),
            flag(&input.enable_resource_name_dns_aaaa_record_on_launch).map(Self::ResourceNameDnsAaaaRecord),
            input.enable_lni_at_device_index.map(|index| Self::LniAtDeviceIndex(Some(index))),
            disabled.map(|_| Self::LniAtDeviceIndex(None)),
        ];
        match given.into_iter().flatten().collect::<Vec<_>>()[..] {
            [attribute] => Ok(attribute),
            [] => Err(Ec2Error::invalid_combination("No attributes specified.")),
            _ => Err(Ec2Error::invalid_combination("Only one subnet attribute can be modified at a time.")),
        }
    }

    pub(super) fn apply(self, subnet: &mut Subnet) -> Ec2Result<()> {
        let has_ipv6 = !subnet.ipv6_cidr_block_association_set.is_empty();
        let native = subnet.ipv6_native();
        let dns = subnet.private_dns_name_options_on_launch.get_or_insert_default();
        match self {
            Self::AssignIpv6AddressOnCreation(true) | Self::Dns64(true) if !has_ipv6 => {
                let message = "The subnet must have an IPv6 CIDR block associated to enable this attribute.";
                return Err(Ec2Error::invalid_parameter(message));
            }
            Self::MapPublicIpOnLaunch(true) | Self::ResourceNameDnsARecord(true) if native => {
                return Err(Ec2Error::unsupported("This attribute is not supported for IPv6-only subnets."));
            }
            Self::HostnameType(HostnameType::IpName) if native => {
                return Err(Ec2Error::unsupported("An IPv6-only subnet must use hostnames of type resource-name."));
            }
            Self::LniAtDeviceIndex(Some(index)) if index < 1 => {
                return Err(Ec2Error::invalid_value("enableLniAtDeviceIndex", index));
            }
            Self::AssignIpv6AddressOnCreation(on) => subnet.assign_ipv6_address_on_creation = Some(on),
            Self::MapPublicIpOnLaunch(on) => subnet.map_public_ip_on_launch = Some(on),
            Self::Dns64(on) => subnet.enable_dns64 = Some(on),
            Self::HostnameType(kind) => dns.hostname_type = Some(kind.id().into()),
            Self::ResourceNameDnsARecord(on) => dns.enable_resource_name_dns_a_record = Some(on),
            Self::ResourceNameDnsAaaaRecord(on) => dns.enable_resource_name_dns_aaaa_record = Some(on),
            Self::LniAtDeviceIndex(index) => subnet.enable_lni_at_device_index = index,
        }
        Ok(())
    }
}

/// How a new subnet names its instances.
pub(super) fn dns_options(native: bool) -> PrivateDnsNameOptionsOnLaunch {
    let hostname_type = if native { HostnameType::ResourceName } else { HostnameType::IpName };
    PrivateDnsNameOptionsOnLaunch {
        hostname_type: Some(hostname_type.id().into()),
        enable_resource_name_dns_a_record: Some(false),
        enable_resource_name_dns_aaaa_record: Some(false),
    }
}
