# Instances with volumes in two zones, and room for one more in each.

variable "more" {
  type    = set(string)
  default = []
}

locals {
  blocks = { us-east-1a = "10.0.0.0/24", us-east-1b = "10.0.1.0/24" }
}

data "aws_ami" "linux" {
  owners      = ["amazon"]
  most_recent = true
  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "in" {
  for_each          = local.blocks
  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
  cidr_block        = each.value
}

resource "aws_instance" "worker" {
  for_each      = local.blocks
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.in[each.key].id
}

resource "aws_ec2_instance_state" "worker" {
  for_each    = local.blocks
  instance_id = aws_instance.worker[each.key].id
  state       = "running"
}

resource "aws_ebs_volume" "data" {
  for_each          = local.blocks
  availability_zone = each.key
  size              = 1
}

resource "aws_volume_attachment" "data" {
  for_each    = local.blocks
  device_name = "/dev/sdf"
  instance_id = aws_instance.worker[each.key].id
  volume_id   = aws_ebs_volume.data[each.key].id
}

resource "aws_instance" "more" {
  for_each      = var.more
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.in[each.key].id
}
