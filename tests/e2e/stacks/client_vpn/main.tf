variable "changed" {
  type    = bool
  default = false
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "main" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, count.index)
  availability_zone = count.index == 0 ? "us-east-1a" : "us-east-1b"
}

resource "aws_security_group" "vpn" {
  vpc_id = aws_vpc.main.id
}

resource "aws_ec2_client_vpn_endpoint" "main" {
  description            = var.changed ? "offices, changed" : "offices"
  server_certificate_arn = "arn:aws:acm:us-east-1:000000000000:certificate/11111111-2222-3333-4444-555555555555"
  client_cidr_block      = "172.16.0.0/22"
  split_tunnel           = var.changed
  session_timeout_hours  = var.changed ? 12 : 24
  vpn_port               = var.changed ? 1194 : 443
  dns_servers            = var.changed ? ["10.0.0.2"] : ["10.0.0.2", "1.1.1.1"]
  vpc_id                 = aws_vpc.main.id
  security_group_ids     = [aws_security_group.vpn.id]

  authentication_options {
    type                       = "certificate-authentication"
    root_certificate_chain_arn = "arn:aws:acm:us-east-1:000000000000:certificate/66666666-7777-8888-9999-000000000000"
  }

  connection_log_options {
    enabled = false
  }

  client_login_banner_options {
    enabled     = true
    banner_text = var.changed ? "welcome again" : "welcome"
  }

  tags = { Name = "main" }
}

resource "aws_ec2_client_vpn_network_association" "main" {
  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  subnet_id              = aws_subnet.main[0].id
}

resource "aws_ec2_client_vpn_network_association" "more" {
  count                  = var.changed ? 1 : 0
  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  subnet_id              = aws_subnet.main[1].id
}

resource "aws_ec2_client_vpn_route" "out" {
  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  destination_cidr_block = "0.0.0.0/0"
  target_vpc_subnet_id   = aws_ec2_client_vpn_network_association.main.subnet_id
  description            = "out"
}

resource "aws_ec2_client_vpn_authorization_rule" "all" {
  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  target_network_cidr    = aws_vpc.main.cidr_block
  authorize_all_groups   = true
}

resource "aws_ec2_client_vpn_authorization_rule" "group" {
  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
  target_network_cidr    = var.changed ? "10.0.1.0/24" : "10.0.0.0/24"
  access_group_id        = "engineers"
}

data "aws_ec2_client_vpn_endpoint" "main" {
  client_vpn_endpoint_id = aws_ec2_client_vpn_endpoint.main.id
}

output "name" {
  value = data.aws_ec2_client_vpn_endpoint.main.dns_name
}
