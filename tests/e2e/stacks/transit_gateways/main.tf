# Transit gateways in two regions, each with a VPC, peered, with tables and routes; and what else a gateway joins: prefix
# lists, appliances by Connect, a VPN, multicast, a second gateway of the region.

variable "changed" {
  default = false
}

locals {
  revision = var.changed ? 2 : 1
}

provider "aws" {
  alias  = "there"
  region = "eu-west-1"
}

data "aws_caller_identity" "there" {
  provider = aws.there
}

resource "aws_ec2_transit_gateway" "here" {
  description                     = "hub ${local.revision}"
  default_route_table_association = "disable"
  default_route_table_propagation = "disable"
  multicast_support               = "enable"
  transit_gateway_cidr_blocks     = local.revision == 1 ? ["10.98.0.0/24"] : ["10.98.0.0/24", "10.99.0.0/24"]
  tags                            = { Name = "here-${local.revision}" }
}

resource "aws_ec2_transit_gateway" "there" {
  provider = aws.there
}

resource "aws_vpc" "here" {
  cidr_block = "10.40.0.0/16"
}

resource "aws_subnet" "here" {
  count             = 2
  vpc_id            = aws_vpc.here.id
  cidr_block        = cidrsubnet(aws_vpc.here.cidr_block, 8, count.index)
  availability_zone = ["us-east-1a", "us-east-1b"][count.index]
}

resource "aws_ec2_transit_gateway_vpc_attachment" "here" {
  transit_gateway_id                              = aws_ec2_transit_gateway.here.id
  vpc_id                                          = aws_vpc.here.id
  subnet_ids                                      = local.revision == 1 ? [aws_subnet.here[0].id] : aws_subnet.here[*].id
  transit_gateway_default_route_table_association = false
  transit_gateway_default_route_table_propagation = false
  tags                                            = { Name = "here" }
}

resource "aws_ec2_transit_gateway_route_table" "here" {
  transit_gateway_id = aws_ec2_transit_gateway.here.id
  tags               = { Name = "here" }
}

resource "aws_ec2_transit_gateway_route_table_association" "here" {
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.here.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.here.id
}

resource "aws_ec2_transit_gateway_route_table_propagation" "here" {
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_vpc_attachment.here.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.here.id
}

resource "aws_ec2_transit_gateway_peering_attachment" "far" {
  transit_gateway_id      = aws_ec2_transit_gateway.here.id
  peer_transit_gateway_id = aws_ec2_transit_gateway.there.id
  peer_account_id         = data.aws_caller_identity.there.account_id
  peer_region             = "eu-west-1"
  tags                    = { Side = "requester" }
}

resource "aws_ec2_transit_gateway_peering_attachment_accepter" "far" {
  provider                      = aws.there
  transit_gateway_attachment_id = aws_ec2_transit_gateway_peering_attachment.far.id
  tags                          = { Side = "accepter" }
}

resource "aws_ec2_transit_gateway_route" "far" {
  destination_cidr_block         = "10.50.0.0/16"
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_peering_attachment_accepter.far.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.here.id
}

resource "aws_ec2_transit_gateway_route" "nowhere" {
  destination_cidr_block         = "192.0.2.0/24"
  blackhole                      = true
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.here.id
}

resource "aws_route" "far" {
  route_table_id         = aws_vpc.here.main_route_table_id
  destination_cidr_block = "10.50.0.0/16"
  transit_gateway_id     = aws_ec2_transit_gateway_vpc_attachment.here.transit_gateway_id
}

resource "aws_vpc" "there" {
  provider   = aws.there
  cidr_block = "10.50.0.0/16"
}

resource "aws_subnet" "there" {
  provider          = aws.there
  vpc_id            = aws_vpc.there.id
  cidr_block        = "10.50.1.0/24"
  availability_zone = "eu-west-1a"
}

resource "aws_ec2_transit_gateway_vpc_attachment" "there" {
  provider               = aws.there
  transit_gateway_id     = aws_ec2_transit_gateway.there.id
  vpc_id                 = aws_vpc.there.id
  subnet_ids             = [aws_subnet.there.id]
  appliance_mode_support = local.revision == 1 ? "disable" : "enable"
}

resource "aws_ec2_transit_gateway_route" "back" {
  provider                       = aws.there
  destination_cidr_block         = local.revision == 1 ? "10.40.0.0/16" : "10.40.0.0/15"
  transit_gateway_attachment_id  = aws_ec2_transit_gateway_peering_attachment_accepter.far.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway.there.association_default_route_table_id
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "offices"
  address_family = "IPv4"
  max_entries    = 5
  entry {
    cidr = "192.168.0.0/24"
  }
}

resource "aws_ec2_transit_gateway_prefix_list_reference" "offices" {
  prefix_list_id                 = aws_ec2_managed_prefix_list.offices.id
  blackhole                      = local.revision == 1
  transit_gateway_attachment_id  = local.revision == 1 ? null : aws_ec2_transit_gateway_vpc_attachment.here.id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.here.id
}

resource "aws_ec2_transit_gateway_connect" "appliance" {
  transport_attachment_id                         = aws_ec2_transit_gateway_vpc_attachment.here.id
  transit_gateway_id                              = aws_ec2_transit_gateway.here.id
  transit_gateway_default_route_table_association = false
  transit_gateway_default_route_table_propagation = false
  tags                                            = { Revision = local.revision }
}

resource "aws_ec2_transit_gateway_connect_peer" "appliance" {
  transit_gateway_attachment_id = aws_ec2_transit_gateway_connect.appliance.id
  peer_address                  = "10.40.0.9"
  transit_gateway_address       = "10.98.0.7"
  inside_cidr_blocks            = ["169.254.100.0/29"]
  bgp_asn                       = "65020"
}

resource "aws_customer_gateway" "office" {
  bgp_asn    = 65010
  ip_address = "198.51.100.9"
  type       = "ipsec.1"
}

resource "aws_vpn_connection" "office" {
  customer_gateway_id = aws_customer_gateway.office.id
  transit_gateway_id  = aws_ec2_transit_gateway.here.id
  type                = "ipsec.1"
  static_routes_only  = true
  tags                = { Revision = local.revision }
}

resource "aws_ec2_transit_gateway_route_table_association" "office" {
  transit_gateway_attachment_id  = aws_vpn_connection.office.transit_gateway_attachment_id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.here.id
}

resource "aws_ec2_transit_gateway_multicast_domain" "here" {
  transit_gateway_id     = aws_ec2_transit_gateway.here.id
  static_sources_support = "enable"
  tags                   = { Revision = local.revision }
}

resource "aws_ec2_transit_gateway_multicast_domain_association" "here" {
  subnet_id                           = aws_subnet.here[0].id
  transit_gateway_attachment_id       = aws_ec2_transit_gateway_vpc_attachment.here.id
  transit_gateway_multicast_domain_id = aws_ec2_transit_gateway_multicast_domain.here.id
}

resource "aws_network_interface" "listener" {
  subnet_id = aws_subnet.here[0].id
}

resource "aws_ec2_transit_gateway_multicast_group_member" "listener" {
  group_ip_address                    = local.revision == 1 ? "224.0.0.5" : "224.0.0.6"
  network_interface_id                = aws_network_interface.listener.id
  transit_gateway_multicast_domain_id = aws_ec2_transit_gateway_multicast_domain_association.here.transit_gateway_multicast_domain_id
}

resource "aws_ec2_transit_gateway_multicast_group_source" "listener" {
  group_ip_address                    = "224.0.0.5"
  network_interface_id                = aws_network_interface.listener.id
  transit_gateway_multicast_domain_id = aws_ec2_transit_gateway_multicast_domain_association.here.transit_gateway_multicast_domain_id
}

resource "aws_ec2_transit_gateway" "second" {
}

resource "aws_ec2_transit_gateway_peering_attachment" "near" {
  transit_gateway_id      = aws_ec2_transit_gateway.here.id
  peer_transit_gateway_id = aws_ec2_transit_gateway.second.id
  peer_region             = "us-east-1"
}

resource "aws_ec2_transit_gateway_peering_attachment_accepter" "near" {
  transit_gateway_attachment_id = aws_ec2_transit_gateway_peering_attachment.near.id
}

resource "aws_ec2_transit_gateway_policy_table" "near" {
  transit_gateway_id = aws_ec2_transit_gateway.here.id
}

resource "aws_ec2_transit_gateway_policy_table_association" "near" {
  transit_gateway_attachment_id   = aws_ec2_transit_gateway_peering_attachment_accepter.near.id
  transit_gateway_policy_table_id = aws_ec2_transit_gateway_policy_table.near.id
}
