# What AWS makes by itself, taken over: the defaults of a VPC; and what stands at a network's edge: traffic mirrors,
# carrier gateways, endpoints for Instance Connect, and the block of public access.

variable "changed" {
  default = false
}

locals {
  later    = var.changed
  revision = local.later ? 2 : 1
}

resource "aws_vpc" "main" {
  cidr_block                       = "10.60.0.0/16"
  assign_generated_ipv6_cidr_block = true
  enable_dns_hostnames             = true
  tags                             = { Revision = local.revision }
}

resource "aws_vpc_ipv4_cidr_block_association" "more" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.61.0.0/16"
}

resource "aws_vpc_dhcp_options" "main" {
  domain_name         = "example.internal"
  domain_name_servers = ["10.60.0.2", "192.0.2.53"]
  ntp_servers         = ["169.254.169.123"]
  tags                = { Revision = local.revision }
}

resource "aws_vpc_dhcp_options_association" "main" {
  vpc_id          = aws_vpc.main.id
  dhcp_options_id = aws_vpc_dhcp_options.main.id
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_egress_only_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "main" {
  count                           = 2
  vpc_id                          = aws_vpc.main.id
  cidr_block                      = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  ipv6_cidr_block                 = cidrsubnet(aws_vpc.main.ipv6_cidr_block, 8, count.index)
  availability_zone               = ["us-east-1a", "us-east-1b"][count.index]
  map_public_ip_on_launch         = local.later
  assign_ipv6_address_on_creation = true
  tags                            = { Name = "main-${count.index}" }
}

resource "aws_default_route_table" "main" {
  default_route_table_id = aws_vpc.main.default_route_table_id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
  dynamic "route" {
    for_each = local.later ? [] : ["::/0"]
    content {
      ipv6_cidr_block        = route.value
      egress_only_gateway_id = aws_egress_only_internet_gateway.main.id
    }
  }
  tags = { Name = "default" }
}

resource "aws_default_network_acl" "main" {
  default_network_acl_id = aws_vpc.main.default_network_acl_id
  subnet_ids             = [aws_subnet.main[0].id]
  ingress {
    protocol   = -1
    rule_no    = 100
    action     = local.later ? "deny" : "allow"
    cidr_block = "192.0.2.0/24"
    from_port  = 0
    to_port    = 0
  }
  egress {
    protocol        = "tcp"
    rule_no         = 200
    action          = "allow"
    ipv6_cidr_block = "::/0"
    from_port       = 443
    to_port         = 443
  }
  tags = { Name = "default" }
}

resource "aws_network_acl" "own" {
  vpc_id     = aws_vpc.main.id
  subnet_ids = [aws_subnet.main[1].id]
}

resource "aws_network_acl_rule" "own" {
  for_each       = { 10 = "allow", 20 = local.later ? "allow" : "deny" }
  network_acl_id = aws_network_acl.own.id
  rule_number    = each.key
  protocol       = "icmp"
  rule_action    = each.value
  cidr_block     = "10.60.${each.key}.0/24"
  icmp_type      = 8
  icmp_code      = -1
}

resource "aws_default_security_group" "main" {
  vpc_id = aws_vpc.main.id
  ingress {
    protocol  = -1
    self      = true
    from_port = 0
    to_port   = 0
  }
  dynamic "egress" {
    for_each = local.later ? [80, 443] : [443]
    content {
      protocol    = "tcp"
      from_port   = egress.value
      to_port     = egress.value
      cidr_blocks = ["0.0.0.0/0"]
    }
  }
}

resource "aws_security_group" "endpoint" {
  name   = "endpoint"
  vpc_id = aws_vpc.main.id
}

resource "aws_ec2_instance_connect_endpoint" "main" {
  subnet_id          = aws_subnet.main[0].id
  security_group_ids = [aws_security_group.endpoint.id]
  preserve_client_ip = false
  tags               = { Name = "connect-${local.revision}" }
}

resource "aws_ec2_carrier_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "carrier-${local.revision}" }
}

resource "aws_network_interface" "collector" {
  subnet_id = aws_subnet.main[1].id
}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}

resource "aws_instance" "watched" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.main[0].id
  lifecycle {
    # The default group comes to it when it is launched.
    ignore_changes = [associate_public_ip_address]
  }
  depends_on = [aws_default_security_group.main]
}

resource "aws_ec2_traffic_mirror_target" "collector" {
  network_interface_id = aws_network_interface.collector.id
  description          = "collector"
}

resource "aws_ec2_traffic_mirror_filter" "main" {
  description      = "DNS"
  network_services = local.later ? [] : ["amazon-dns"]
}

resource "aws_ec2_traffic_mirror_filter_rule" "main" {
  traffic_mirror_filter_id = aws_ec2_traffic_mirror_filter.main.id
  destination_cidr_block   = "10.60.0.0/16"
  source_cidr_block        = "0.0.0.0/0"
  rule_number              = local.revision
  rule_action              = "accept"
  traffic_direction        = "ingress"
  protocol                 = 6
  destination_port_range {
    from_port = 22
    to_port   = 53
  }
}

resource "aws_ec2_traffic_mirror_session" "main" {
  network_interface_id     = aws_instance.watched.primary_network_interface_id
  session_number           = local.revision
  traffic_mirror_filter_id = aws_ec2_traffic_mirror_filter.main.id
  traffic_mirror_target_id = aws_ec2_traffic_mirror_target.collector.id
}

resource "aws_vpc_block_public_access_options" "main" {
  internet_gateway_block_mode = local.later ? "block-ingress" : "block-bidirectional"
}

resource "aws_vpc_block_public_access_exclusion" "main" {
  vpc_id                          = aws_vpc.main.id
  internet_gateway_exclusion_mode = local.later ? "allow-egress" : "allow-bidirectional"
  depends_on                      = [aws_vpc_block_public_access_options.main]
}

resource "aws_flow_log" "subnet" {
  subnet_id                = aws_subnet.main[0].id
  traffic_type             = "REJECT"
  log_destination_type     = "s3"
  log_destination          = "arn:aws:s3:::flow-logs/subnets"
  max_aggregation_interval = 60
  destination_options {
    file_format        = "parquet"
    per_hour_partition = true
  }
}
