# What instances are launched by and placed in: templates, groups, Spot requests and fleets; and images of one's own.

variable "changed" {
  type    = bool
  default = false
}

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
  tags            = { Name = var.changed ? "partitions" : "parts" }
}

resource "aws_launch_template" "web" {
  name                   = "web"
  description            = var.changed ? "second" : "first"
  image_id               = data.aws_ami.linux.id
  instance_type          = "t3.micro"
  update_default_version = true
  user_data              = base64encode("#!/bin/sh")
  vpc_security_group_ids = [data.aws_security_group.default.id]

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = var.changed ? 16 : 12
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

  # Of the first version on: a version is an instance's for its life.
  launch_template {
    id      = aws_launch_template.web.id
    version = "1"
  }
}

resource "aws_spot_instance_request" "worker" {
  ami                  = data.aws_ami.linux.id
  instance_type        = "t3.micro"
  wait_for_fulfillment = true
  spot_type            = "persistent"
  tags                 = { Name = var.changed ? "persistent" : "worker" }

  instance_interruption_behavior = "stop"
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
    total_target_capacity        = var.changed ? 5 : 3
  }

  tags = { Name = var.changed ? "more" : "workers" }
}

resource "aws_spot_fleet_request" "batch" {
  iam_fleet_role                      = "arn:aws:iam::123456789012:role/fleet"
  target_capacity                     = var.changed ? 3 : 2
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

resource "aws_ami_from_instance" "golden" {
  name                    = "golden"
  source_instance_id      = aws_instance.web.id
  snapshot_without_reboot = true
  description             = var.changed ? "second" : "first"
  deprecation_time        = var.changed ? "2030-01-01T00:00:00Z" : null
  tags                    = { Name = "golden" }
}

resource "aws_ami_launch_permission" "partner" {
  image_id   = aws_ami_from_instance.golden.id
  account_id = var.changed ? "123456789012" : "210987654321"
}

resource "aws_ami_launch_permission" "everyone" {
  image_id = aws_ami_from_instance.golden.id
  group    = "all"
}

resource "aws_ebs_volume" "data" {
  availability_zone = "us-east-1a"
  size              = 1
}

resource "aws_ebs_snapshot" "data" {
  volume_id = aws_ebs_volume.data.id
}

resource "aws_snapshot_create_volume_permission" "partner" {
  snapshot_id = aws_ebs_snapshot.data.id
  account_id  = var.changed ? "123456789012" : "210987654321"
}

data "aws_launch_template" "web" {
  name       = aws_launch_template.web.name
  depends_on = [aws_launch_template.web]
}

data "aws_ami" "golden" {
  owners     = ["self"]
  depends_on = [aws_ami_from_instance.golden]

  filter {
    name   = "name"
    values = ["golden"]
  }
}
