# VPCs that are peered inside a region and with a second region, with options on both sides and routes both ways.

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

resource "aws_vpc" "hub" {
  cidr_block           = "10.10.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "hub" }
}

resource "aws_vpc" "spoke" {
  cidr_block           = "10.20.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "spoke" }
}

resource "aws_vpc" "far" {
  provider             = aws.there
  cidr_block           = "10.30.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "far" }
}

resource "aws_vpc_peering_connection" "near" {
  vpc_id      = aws_vpc.hub.id
  peer_vpc_id = aws_vpc.spoke.id
  auto_accept = true
  tags        = { Name = local.revision == 2 ? "near, renamed" : "near" }

  accepter {
    allow_remote_vpc_dns_resolution = true
  }

  requester {
    allow_remote_vpc_dns_resolution = local.revision == 2
  }
}

data "aws_caller_identity" "there" {
  provider = aws.there
}

resource "aws_vpc_peering_connection" "far" {
  vpc_id        = aws_vpc.hub.id
  peer_vpc_id   = aws_vpc.far.id
  peer_owner_id = data.aws_caller_identity.there.account_id
  peer_region   = "eu-west-1"
  auto_accept   = false
  tags          = { Side = "requester" }
}

resource "aws_vpc_peering_connection_accepter" "far" {
  provider                  = aws.there
  vpc_peering_connection_id = aws_vpc_peering_connection.far.id
  auto_accept               = true
  tags                      = { Side = local.revision == 2 ? "accepter, changed" : "accepter" }
}

resource "aws_vpc_peering_connection_options" "requester" {
  vpc_peering_connection_id = aws_vpc_peering_connection_accepter.far.id

  requester {
    allow_remote_vpc_dns_resolution = true
  }
}

resource "aws_vpc_peering_connection_options" "accepter" {
  provider                  = aws.there
  vpc_peering_connection_id = aws_vpc_peering_connection_accepter.far.id

  accepter {
    allow_remote_vpc_dns_resolution = local.revision == 1
  }
}

resource "aws_route" "hub_to_spoke" {
  route_table_id            = aws_vpc.hub.main_route_table_id
  destination_cidr_block    = aws_vpc.spoke.cidr_block
  vpc_peering_connection_id = aws_vpc_peering_connection.near.id
}

resource "aws_route" "hub_to_far" {
  route_table_id            = aws_vpc.hub.main_route_table_id
  destination_cidr_block    = aws_vpc.far.cidr_block
  vpc_peering_connection_id = aws_vpc_peering_connection.far.id
}

resource "aws_route_table" "far" {
  provider = aws.there
  vpc_id   = aws_vpc.far.id

  route {
    cidr_block                = aws_vpc.hub.cidr_block
    vpc_peering_connection_id = aws_vpc_peering_connection_accepter.far.id
  }
}

data "aws_vpc_peering_connection" "near" {
  id         = aws_vpc_peering_connection.near.id
  depends_on = [aws_route.hub_to_spoke]
}

output "cidr" {
  value = data.aws_vpc_peering_connection.near.peer_cidr_block
}
