variable "changed" {
  type    = bool
  default = false
}

resource "aws_vpc_ipam" "main" {
  description = var.changed ? "addresses, changed" : "addresses"
  cascade     = true

  dynamic "operating_regions" {
    for_each = var.changed ? ["us-east-1", "eu-west-1"] : ["us-east-1"]
    content {
      region_name = operating_regions.value
    }
  }

  tags = { Name = "main" }
}

resource "aws_vpc_ipam_scope" "lab" {
  ipam_id     = aws_vpc_ipam.main.id
  description = var.changed ? "lab, changed" : "lab"
}

resource "aws_vpc_ipam_pool" "top" {
  address_family = "ipv4"
  ipam_scope_id  = aws_vpc_ipam.main.private_default_scope_id
  description    = "top"
}

resource "aws_vpc_ipam_pool_cidr" "top" {
  ipam_pool_id = aws_vpc_ipam_pool.top.id
  cidr         = "10.0.0.0/8"
}

resource "aws_vpc_ipam_pool" "east" {
  address_family                    = "ipv4"
  ipam_scope_id                     = aws_vpc_ipam.main.private_default_scope_id
  source_ipam_pool_id               = aws_vpc_ipam_pool.top.id
  locale                            = "us-east-1"
  allocation_min_netmask_length     = 16
  allocation_default_netmask_length = var.changed ? 26 : 24
  allocation_max_netmask_length     = 28
  tags                              = { Side = var.changed ? "east, changed" : "east" }
}

resource "aws_vpc_ipam_pool_cidr" "east" {
  ipam_pool_id   = aws_vpc_ipam_pool.east.id
  netmask_length = 12
  depends_on     = [aws_vpc_ipam_pool_cidr.top]
}

resource "aws_vpc_ipam_pool_cidr_allocation" "kept" {
  ipam_pool_id   = aws_vpc_ipam_pool.east.id
  netmask_length = 24
  description    = "kept for later"
  depends_on     = [aws_vpc_ipam_pool_cidr.east]
}

resource "aws_vpc_ipam_preview_next_cidr" "next" {
  ipam_pool_id   = aws_vpc_ipam_pool.east.id
  netmask_length = 20
  depends_on     = [aws_vpc_ipam_pool_cidr.east]
}

resource "aws_vpc" "main" {
  ipv4_ipam_pool_id   = aws_vpc_ipam_pool.east.id
  ipv4_netmask_length = 20
  depends_on          = [aws_vpc_ipam_pool_cidr.east]
}

resource "aws_vpc_ipv4_cidr_block_association" "more" {
  vpc_id              = aws_vpc.main.id
  ipv4_ipam_pool_id   = aws_vpc_ipam_pool.east.id
  ipv4_netmask_length = 24
}

resource "aws_vpc_ipam_pool" "ipv6" {
  address_family   = "ipv6"
  ipam_scope_id    = aws_vpc_ipam.main.public_default_scope_id
  locale           = "us-east-1"
  aws_service      = "ec2"
  public_ip_source = "amazon"
}

resource "aws_vpc_ipam_pool_cidr" "ipv6" {
  ipam_pool_id   = aws_vpc_ipam_pool.ipv6.id
  netmask_length = 52
}

resource "aws_vpc" "dual" {
  cidr_block          = "172.20.0.0/16"
  ipv6_ipam_pool_id   = aws_vpc_ipam_pool.ipv6.id
  ipv6_netmask_length = 56
  depends_on          = [aws_vpc_ipam_pool_cidr.ipv6]
}

data "aws_vpc_ipam_pool" "east" {
  ipam_pool_id = aws_vpc_ipam_pool.east.id
}

output "cidr" {
  value = aws_vpc.main.cidr_block
}
