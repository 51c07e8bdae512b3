# What instances are launched by and placed in: templates, groups, Spot requests and fleets.

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2*"]
  }

  filter {
    name   = "architecture"
    values = ["x86_64"]
  }
}

data "aws_subnets" "default" {
  filter {
    name   = "default-for-az"
    values = ["true"]
  }

  filter {
    name   = "availability-zone"
    values = ["us-east-1a", "us-east-1b"]
  }
}

data "aws_security_group" "default" {
  name = "default"
}

resource "aws_placement_group" "spread" {
  name     = "spread"
  strategy = "spread"
}

resource "aws_placement_group" "parts" {
  name            = "parts"
  strategy        = "partition"
  partition_count = 3
  tags            = { Name = "parts" }
}

resource "aws_launch_template" "web" {
  name                   = "web"
  image_id               = data.aws_ami.linux.id
  instance_type          = "t3.micro"
  update_default_version = true
  user_data              = base64encode("#!/bin/sh")
  vpc_security_group_ids = [data.aws_security_group.default.id]

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = 12
      volume_type           = "gp3"
      delete_on_termination = true
    }
  }

  metadata_options {
    http_tokens   = "required"
    http_endpoint = "enabled"
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "web" }
  }

  tags = { Name = "web" }
}

resource "aws_instance" "web" {
  placement_group = aws_placement_group.spread.name
  tags            = { Name = "web" }
  user_data       = "#!/bin/sh"

  launch_template {
    id      = aws_launch_template.web.id
    version = aws_launch_template.web.latest_version
  }
}

resource "aws_spot_instance_request" "worker" {
  ami                  = data.aws_ami.linux.id
  instance_type        = "t3.micro"
  wait_for_fulfillment = true
  spot_type            = "one-time"
  tags                 = { Name = "worker" }
}

resource "aws_ec2_fleet" "workers" {
  # With instances to terminate, the provider waits five minutes before it first looks.
  terminate_instances = false
  type                = "maintain"

  launch_template_config {
    launch_template_specification {
      launch_template_id = aws_launch_template.web.id
      version            = aws_launch_template.web.latest_version
    }

    override {
      instance_type = "t3.small"
    }

    override {
      instance_type     = "t3.medium"
      weighted_capacity = 2
    }
  }

  target_capacity_specification {
    default_target_capacity_type = "spot"
    on_demand_target_capacity    = 1
    total_target_capacity        = 3
  }

  tags = { Name = "workers" }
}

resource "aws_spot_fleet_request" "batch" {
  iam_fleet_role                      = "arn:aws:iam::123456789012:role/fleet"
  target_capacity                     = 2
  terminate_instances_with_expiration = true
  wait_for_fulfillment                = true

  launch_specification {
    ami           = data.aws_ami.linux.id
    instance_type = "m5.large"
    subnet_id     = data.aws_subnets.default.ids[0]
    tags          = { Name = "batch" }
  }
}

resource "aws_spot_datafeed_subscription" "feed" {
  bucket = "spot-feed"
  prefix = "feed"
}
