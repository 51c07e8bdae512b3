# Some hundred and fifty resources, of each kind many.

variable "changed" {
  default = false
}

locals {
  last    = var.changed ? 11 : 9
  numbers = { for number in range(local.last + 1) : tostring(number) => number }
  pairs   = { for pair in setproduct(range(local.last + 1), [22, 80, 443, 8080]) : "${pair[0]}-${pair[1]}" => pair }
}

resource "aws_vpc" "main" {
  cidr_block = "10.70.0.0/16"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "each" {
  for_each          = local.numbers
  vpc_id            = aws_vpc.main.id
  cidr_block        = cidrsubnet(aws_vpc.main.cidr_block, 8, each.value)
  availability_zone = ["us-east-1a", "us-east-1b", "us-east-1c"][each.value % 3]
  tags              = { Name = "subnet-${each.key}", Changed = var.changed }
}

resource "aws_route_table" "each" {
  for_each = local.numbers
  vpc_id   = aws_vpc.main.id
}

resource "aws_route" "each" {
  for_each               = local.numbers
  route_table_id         = aws_route_table.each[each.key].id
  destination_cidr_block = var.changed ? "0.0.0.0/0" : "192.0.${each.value}.0/24"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "each" {
  for_each       = local.numbers
  subnet_id      = aws_subnet.each[each.key].id
  route_table_id = aws_route_table.each[each.key].id
}

resource "aws_security_group" "each" {
  for_each = local.numbers
  name     = "group-${each.key}"
  vpc_id   = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "each" {
  for_each          = local.pairs
  security_group_id = aws_security_group.each[each.value[0]].id
  cidr_ipv4         = var.changed ? "10.0.0.0/8" : "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value[1]
  to_port           = each.value[1]
}

resource "aws_network_interface" "each" {
  for_each        = local.numbers
  subnet_id       = aws_subnet.each[each.key].id
  private_ips     = [cidrhost(aws_subnet.each[each.key].cidr_block, 10)]
  security_groups = [aws_security_group.each[each.key].id]
}

resource "aws_eip" "each" {
  for_each          = local.numbers
  domain            = "vpc"
  network_interface = aws_network_interface.each[each.key].id
  depends_on        = [aws_internet_gateway.main]
}

resource "aws_ebs_volume" "each" {
  for_each          = local.numbers
  availability_zone = aws_subnet.each[each.key].availability_zone
  size              = var.changed ? 2 : 1
  type              = "gp3"
}

resource "aws_ec2_tag" "each" {
  for_each    = local.numbers
  resource_id = aws_vpc.main.main_route_table_id
  key         = "number-${each.key}"
  value       = var.changed ? "changed" : each.key
}
