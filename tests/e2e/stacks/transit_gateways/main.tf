# Transit gateways in two regions, each with a VPC, peered, with tables and routes.

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
