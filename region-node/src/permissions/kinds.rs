//! How resources of each type are looked at, and which of their fields are condition keys (Service Authorization
//! Reference, "Condition keys for Amazon EC2", and the 2014-10-01 reference, "Supported Resource-Level Permissions").

/// A resource type that has keys of its own.
pub(super) struct Kind {
    pub(super) resource_type: &'static str,
    /// The action that shows it, the parameter that takes its id, and where it stands in the answer.
    pub(super) describe: &'static str,
    pub(super) ids: &'static str,
    pub(super) at: &'static str,
    /// The field that ends its ARN.
    pub(super) arn: &'static str,
    /// The parameter that takes its name.
    pub(super) names: Option<&'static str>,
    pub(super) keys: &'static [Key],
}

/// A condition key, the fields of which the first that is set is its value, and how.
pub(super) type Key = (&'static str, &'static [&'static str], Form);

#[derive(Clone, Copy)]
pub(super) enum Form {
    Plain,
    /// Milliseconds, shown in ISO 8601.
    Time,
    /// The ARN of a resource of this type.
    Arn(&'static str),
    /// The ARN of a VPC that may be another account's, of what is known of it.
    Vpc,
    /// This, where there is nothing.
    Or(&'static str),
}

use Form::{Arn, Or, Plain, Time, Vpc};

const fn kind(
    resource_type: &'static str,
    (describe, ids, at): (&'static str, &'static str, &'static str),
    arn: &'static str,
    keys: &'static [Key],
) -> Kind {
    Kind { resource_type, describe, ids, at, arn, names: None, keys }
}

/// A type whose resources also go by a name.
const fn named(names: &'static str, kind: Kind) -> Kind {
    Kind { names: Some(names), ..kind }
}

const IN_VPC: Key = ("ec2:Vpc", &["vpc_id"], Arn("vpc"));
const IN_SUBNET: Key = ("ec2:Subnet", &["subnet_id"], Arn("subnet"));
const ZONE: Key = ("ec2:AvailabilityZone", &["availability_zone"], Plain);
const ZONE_ID: Key = ("ec2:AvailabilityZoneId", &["availability_zone_id"], Plain);

#[rustfmt::skip] // A line for each key.
pub(super) const KINDS: &[Kind] = &[
    kind("instance", ("DescribeInstances", "instance_ids", "reservations.instances"), "instance_id", &[
        ("ec2:InstanceID", &["instance_id"], Plain),
        ("ec2:AvailabilityZone", &["placement.availability_zone"], Plain),
        ("ec2:AvailabilityZoneId", &["placement.availability_zone_id"], Plain),
        ("ec2:CpuOptionsAmdSevSnp", &["cpu_options.amd_sev_snp"], Plain),
        ("ec2:EbsOptimized", &["ebs_optimized"], Or("false")),
        ("ec2:InstanceAutoRecovery", &["maintenance_options.auto_recovery"], Plain),
        ("ec2:InstanceBandwidthWeighting", &["network_performance_options.bandwidth_weighting"], Plain),
        ("ec2:InstanceMarketType", &["instance_lifecycle"], Or("on-demand")),
        ("ec2:InstanceMetadataTags", &["metadata_options.instance_metadata_tags"], Plain),
        ("ec2:InstanceProfile", &["iam_instance_profile.arn"], Plain),
        ("ec2:InstanceType", &["instance_type"], Plain),
        ("ec2:MetadataHttpEndpoint", &["metadata_options.http_endpoint"], Plain),
        ("ec2:MetadataHttpPutResponseHopLimit", &["metadata_options.http_put_response_hop_limit"], Plain),
        ("ec2:MetadataHttpTokens", &["metadata_options.http_tokens"], Plain),
        ("ec2:PlacementGroup", &["placement.group_name"], Arn("placement-group")),
        ("ec2:ProductCode", &["product_codes.product_code_id"], Plain),
        ("ec2:RootDeviceType", &["root_device_type"], Plain),
        ("ec2:Tenancy", &["placement.tenancy"], Plain),
        IN_SUBNET,
        IN_VPC,
    ]),
    kind("image", ("DescribeImages", "image_ids", "images"), "image_id", &[
        ("ec2:ImageID", &["image_id"], Plain),
        ("ec2:ImageType", &["image_type"], Plain),
        ("ec2:Owner", &["image_owner_alias", "owner_id"], Plain),
        ("ec2:Public", &["public"], Plain),
        ("ec2:RootDeviceType", &["root_device_type"], Plain),
    ]),
    kind("snapshot", ("DescribeSnapshots", "snapshot_ids", "snapshots"), "snapshot_id", &[
        ("ec2:SnapshotID", &["snapshot_id"], Plain),
        ("ec2:Encrypted", &["encrypted"], Plain),
        ("ec2:Owner", &["owner_alias", "owner_id"], Plain),
        ("ec2:ParentVolume", &["volume_id"], Arn("volume")),
        ("ec2:SnapshotTime", &["start_time"], Time),
        ("ec2:VolumeSize", &["volume_size"], Plain),
    ]),
    kind("volume", ("DescribeVolumes", "volume_ids", "volumes"), "volume_id", &[
        ("ec2:VolumeID", &["volume_id"], Plain),
        ZONE,
        ZONE_ID,
        ("ec2:Encrypted", &["encrypted"], Or("false")),
        ("ec2:KmsKeyId", &["kms_key_id"], Plain),
        ("ec2:ParentSnapshot", &["snapshot_id"], Arn("snapshot")),
        ("ec2:VolumeIops", &["iops"], Plain),
        ("ec2:VolumeSize", &["size"], Plain),
        ("ec2:VolumeThroughput", &["throughput"], Plain),
        ("ec2:VolumeType", &["volume_type"], Or("gp2")),
    ]),
    kind("network-interface", ("DescribeNetworkInterfaces", "network_interface_ids", "network_interfaces"), "network_interface_id", &[
        ("ec2:NetworkInterfaceID", &["network_interface_id"], Plain),
        ZONE,
        ZONE_ID,
        IN_SUBNET,
        IN_VPC,
    ]),
    kind("subnet", ("DescribeSubnets", "subnet_ids", "subnets"), "subnet_id", &[
        ("ec2:SubnetID", &["subnet_id"], Plain),
        ZONE,
        ZONE_ID,
        IN_VPC,
    ]),
    named("group_names", kind("security-group", ("DescribeSecurityGroups", "group_ids", "security_groups"), "group_id", &[
        ("ec2:SecurityGroupID", &["group_id"], Plain),
        IN_VPC,
    ])),
    kind("network-acl", ("DescribeNetworkAcls", "network_acl_ids", "network_acls"), "network_acl_id", &[
        ("ec2:NetworkAclID", &["network_acl_id"], Plain),
        IN_VPC,
    ]),
    kind("route-table", ("DescribeRouteTables", "route_table_ids", "route_tables"), "route_table_id", &[
        ("ec2:RouteTableID", &["route_table_id"], Plain),
        IN_VPC,
    ]),
    kind("vpc", ("DescribeVpcs", "vpc_ids", "vpcs"), "vpc_id", &[
        ("ec2:VpcID", &["vpc_id"], Plain),
        ("ec2:Tenancy", &["instance_tenancy"], Or("default")),
    ]),
    kind("vpc-peering-connection", ("DescribeVpcPeeringConnections", "vpc_peering_connection_ids", "vpc_peering_connections"), "vpc_peering_connection_id", &[
        ("ec2:VpcPeeringConnectionID", &["vpc_peering_connection_id"], Plain),
        ("ec2:AccepterVpc", &["accepter_vpc_info"], Vpc),
        // As the 2014-10-01 reference has it for AcceptVpcPeeringConnection.
        ("ec2:AcceptorVpc", &["accepter_vpc_info"], Vpc),
        ("ec2:RequesterVpc", &["requester_vpc_info"], Vpc),
    ]),
    named("group_names", kind("placement-group", ("DescribePlacementGroups", "group_ids", "placement_groups"), "group_name", &[
        ("ec2:PlacementGroupName", &["group_name"], Plain),
        ("ec2:PlacementGroupStrategy", &["strategy"], Plain),
    ])),
    named("key_names", kind("key-pair", ("DescribeKeyPairs", "key_pair_ids", "key_pairs"), "key_name", &[
        ("ec2:KeyPairName", &["key_name"], Plain),
        ("ec2:KeyPairType", &["key_type"], Plain),
    ])),
    named("launch_template_names", kind("launch-template", ("DescribeLaunchTemplates", "launch_template_ids", "launch_templates"), "launch_template_id", &[])),
    named("public_ips", kind("elastic-ip", ("DescribeAddresses", "allocation_ids", "addresses"), "allocation_id", &[
        ("ec2:AllocationId", &["allocation_id"], Plain),
        ("ec2:Domain", &["domain"], Plain),
        ("ec2:PublicIpAddress", &["public_ip"], Plain),
    ])),
    kind("vpc-endpoint", ("DescribeVpcEndpoints", "vpc_endpoint_ids", "vpc_endpoints"), "vpc_endpoint_id", &[
        ("ec2:VpceServiceName", &["service_name"], Plain),
    ]),
    kind("dedicated-host", ("DescribeHosts", "host_ids", "hosts"), "host_id", &[
        ZONE,
        ("ec2:AutoPlacement", &["auto_placement"], Plain),
        ("ec2:HostRecovery", &["host_recovery"], Plain),
        ("ec2:InstanceType", &["host_properties.instance_type", "instance_type"], Plain),
    ]),
    kind("capacity-reservation", ("DescribeCapacityReservations", "capacity_reservation_ids", "capacity_reservations"), "capacity_reservation_id", &[
        ZONE,
        ("ec2:EbsOptimized", &["ebs_optimized"], Plain),
        ("ec2:InstanceMatchCriteria", &["instance_match_criteria"], Plain),
        ("ec2:InstancePlatform", &["instance_platform"], Plain),
        ("ec2:InstanceType", &["instance_type"], Plain),
        ("ec2:Tenancy", &["tenancy"], Plain),
    ]),
];

/// The keys that are nothing but the id, for types that have no others.
pub(super) const ID_KEYS: &[(&str, &str)] = &[
    ("dhcp-options", "ec2:DhcpOptionsID"),
    ("internet-gateway", "ec2:InternetGatewayID"),
    ("transit-gateway", "ec2:transitGatewayId"),
    ("transit-gateway-attachment", "ec2:transitGatewayAttachmentId"),
    ("transit-gateway-route-table", "ec2:transitGatewayRouteTableId"),
    ("instance-connect-endpoint", "ec2:InstanceConnectEndpointId"),
];

pub(super) fn of(resource_type: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.resource_type == resource_type)
}

#[cfg(test)]
mod tests {
    use prost_reflect::MessageDescriptor;

    use super::super::message::action;
    use super::*;

    fn leads(message: &MessageDescriptor, path: &str) -> bool {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let Some(field) = message.get_field_by_name(first) else { return false };
        rest.is_empty() || field.kind().as_message().is_some_and(|inner| leads(inner, rest))
    }

    #[test]
    fn every_path_leads_somewhere_in_the_schema() {
        for kind in KINDS {
            let rpc = action(kind.describe).unwrap();
            assert!(leads(&rpc.input(), kind.ids), "{}", kind.ids);
            assert!(kind.names.is_none_or(|names| leads(&rpc.input(), names)), "{:?}", kind.names);
            assert!(leads(&rpc.output(), &format!("{}.{}", kind.at, kind.arn)), "{}", kind.resource_type);
            for (key, paths, _) in kind.keys {
                assert!(paths.iter().any(|path| leads(&rpc.output(), &format!("{}.{path}", kind.at))), "{key}");
            }
        }
    }
}
