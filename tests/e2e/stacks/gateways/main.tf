# Two zones behind NAT gateways, endpoints, prefix lists, and a VPN into an office.

variable "changed" {
  default = false
}

locals {
  # What the second apply changes in place.
  later    = var.changed
  revision = local.later ? 2 : 1
  offices  = local.later ? { berlin = "192.0.2.0/24", lima = "203.0.113.0/24" } : { berlin = "192.0.2.0/24", oslo = "198.51.100.0/24" }
}

data "aws_availability_zones" "available" {
  state = "available"
}

data "aws_region" "current" {}

resource "aws_vpc" "main" {
  cidr_block                       = "10.20.0.0/16"
  assign_generated_ipv6_cidr_block = true
  enable_dns_hostnames             = true
  tags                             = { Name = "gateways", Revision = local.revision }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_egress_only_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "out" }
}

resource "aws_subnet" "public" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  ipv6_cidr_block   = cidrsubnet(aws_vpc.main.ipv6_cidr_block, 8, count.index)
  availability_zone = data.aws_availability_zones.available.names[count.index]
}

resource "aws_subnet" "private" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, 10 + count.index)
  ipv6_cidr_block   = cidrsubnet(aws_vpc.main.ipv6_cidr_block, 8, 10 + count.index)
  availability_zone = data.aws_availability_zones.available.names[count.index]
}

resource "aws_ec2_subnet_cidr_reservation" "appliances" {
  subnet_id        = aws_subnet.private[0].id
  cidr_block       = "10.20.10.16/28"
  reservation_type = "explicit"
  description      = "for appliances"
}

resource "aws_eip" "nat" {
  count  = 3
  domain = "vpc"
}

resource "aws_nat_gateway" "public" {
  count                    = 2
  allocation_id            = aws_eip.nat[count.index].id
  subnet_id                = aws_subnet.public[count.index].id
  secondary_allocation_ids = count.index == 0 && local.later ? [aws_eip.nat[2].id] : null
  tags                     = { Name = "nat-${count.index}-${local.revision}" }
  depends_on               = [aws_internet_gateway.main]
}

resource "aws_nat_gateway" "private" {
  connectivity_type                  = "private"
  subnet_id                          = aws_subnet.private[0].id
  private_ip                         = "10.20.10.100"
  secondary_private_ip_address_count = 2
}

resource "aws_ec2_managed_prefix_list" "offices" {
  name           = "offices-${local.revision}"
  address_family = "IPv4"
  max_entries    = 5
  dynamic "entry" {
    for_each = local.offices
    content {
      cidr        = entry.value
      description = entry.key
    }
  }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
  route {
    ipv6_cidr_block = "::/0"
    gateway_id      = aws_internet_gateway.main.id
  }
}

resource "aws_route_table" "private" {
  count            = 2
  vpc_id           = aws_vpc.main.id
  propagating_vgws = [aws_vpn_gateway.main.id]
  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.public[local.later ? 0 : count.index].id
  }
  route {
    ipv6_cidr_block        = "::/0"
    egress_only_gateway_id = aws_egress_only_internet_gateway.main.id
  }
}

resource "aws_route" "offices" {
  route_table_id             = aws_route_table.propagated.id
  destination_prefix_list_id = aws_ec2_managed_prefix_list.offices.id
  gateway_id                 = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  count          = 2
  subnet_id      = aws_subnet.public[count.index].id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table_association" "private" {
  count          = 2
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.private[count.index].id
}

resource "aws_route_table" "edge" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block           = aws_subnet.public[0].cidr_block
    network_interface_id = aws_network_interface.appliance.id
  }
}

resource "aws_network_interface" "appliance" {
  subnet_id         = aws_subnet.private[0].id
  private_ips       = ["10.20.10.20"]
  source_dest_check = false
}

resource "aws_route_table_association" "edge" {
  gateway_id     = aws_internet_gateway.main.id
  route_table_id = aws_route_table.edge.id
}

resource "aws_security_group" "endpoints" {
  name   = "endpoints"
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "offices" {
  security_group_id = aws_security_group.endpoints.id
  prefix_list_id    = aws_ec2_managed_prefix_list.offices.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc" "second" {
  cidr_block = "10.21.0.0/16"
}

resource "aws_vpc_security_group_vpc_association" "second" {
  security_group_id = aws_security_group.endpoints.id
  vpc_id            = aws_vpc.second.id
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id          = aws_vpc.main.id
  service_name    = "com.amazonaws.${data.aws_region.current.name}.s3"
  route_table_ids = local.later ? aws_route_table.private[*].id : [aws_route_table.private[0].id]
}

resource "aws_vpc_endpoint" "dynamodb" {
  vpc_id       = aws_vpc.main.id
  service_name = "com.amazonaws.${data.aws_region.current.name}.dynamodb"
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "dynamodb:*", Resource = "*" }]
  })
}

resource "aws_vpc_endpoint_route_table_association" "dynamodb" {
  vpc_endpoint_id = aws_vpc_endpoint.dynamodb.id
  route_table_id  = aws_route_table.public.id
}

resource "aws_vpc_endpoint" "ec2" {
  vpc_id              = aws_vpc.main.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${data.aws_region.current.name}.ec2"
  subnet_ids          = local.later ? aws_subnet.private[*].id : [aws_subnet.private[0].id]
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
}

resource "aws_vpc_endpoint_service" "own" {
  acceptance_required        = !local.later
  network_load_balancer_arns = ["arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/own/0123456789abcdef"]
  tags                       = { Name = "own" }
}

resource "aws_vpc_endpoint_service_allowed_principal" "other" {
  vpc_endpoint_service_id = aws_vpc_endpoint_service.own.id
  principal_arn           = "arn:aws:iam::123456789012:root"
}

resource "aws_vpc_endpoint_connection_notification" "own" {
  vpc_endpoint_service_id     = aws_vpc_endpoint_service.own.id
  connection_notification_arn = "arn:aws:sns:us-east-1:123456789012:connections"
  connection_events           = local.later ? ["Accept"] : ["Accept", "Reject"]
}

resource "aws_vpc_endpoint" "own" {
  vpc_id            = aws_vpc.main.id
  vpc_endpoint_type = "Interface"
  service_name      = aws_vpc_endpoint_service.own.service_name
  subnet_ids        = [aws_subnet.private[1].id]
}

resource "aws_customer_gateway" "office" {
  bgp_asn    = 65010
  ip_address = "198.51.100.7"
  type       = "ipsec.1"
  tags       = { Name = "office" }
}

resource "aws_vpn_gateway" "main" {
  vpc_id          = aws_vpc.main.id
  amazon_side_asn = 64620
}

resource "aws_vpn_connection" "office" {
  customer_gateway_id     = aws_customer_gateway.office.id
  vpn_gateway_id          = aws_vpn_gateway.main.id
  type                    = "ipsec.1"
  static_routes_only      = true
  tunnel1_inside_cidr     = "169.254.44.240/30"
  tunnel1_preshared_key   = local.later ? "another_key_of_8" : "first_key_of_8_ok"
  tunnel2_startup_action  = "start"
  local_ipv4_network_cidr = local.later ? "192.168.0.0/16" : "0.0.0.0/0"
  tunnel2_ike_versions    = ["ikev2"]
}

resource "aws_vpn_connection_route" "office" {
  vpn_connection_id      = aws_vpn_connection.office.id
  destination_cidr_block = "192.168.0.0/16"
}

resource "aws_route_table" "propagated" {
  vpc_id = aws_vpc.main.id
  lifecycle {
    ignore_changes = [propagating_vgws]
  }
}

resource "aws_vpn_gateway_route_propagation" "propagated" {
  vpn_gateway_id = aws_vpn_gateway.main.id
  route_table_id = aws_route_table.propagated.id
}

resource "aws_flow_log" "main" {
  vpc_id               = aws_vpc.main.id
  traffic_type         = "ALL"
  log_destination_type = "s3"
  log_destination      = "arn:aws:s3:::flow-logs"
  tags                 = { Revision = local.revision }
}

data "aws_prefix_list" "s3" {
  name = "com.amazonaws.${data.aws_region.current.name}.s3"
}

data "aws_vpc_endpoint_service" "s3" {
  service      = "s3"
  service_type = "Gateway"
}
