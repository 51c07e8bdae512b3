# Capacity that is reserved, hosts of one's own, and the settings of an account.

variable "changed" {
  type    = bool
  default = false
}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}

resource "aws_ec2_capacity_reservation" "open" {
  instance_type     = "m5.large"
  instance_platform = "Linux/UNIX"
  availability_zone = "us-east-1a"
  instance_count    = var.changed ? 3 : 2
  tags              = { Name = var.changed ? "more" : "open" }
}

resource "aws_ec2_capacity_reservation" "targeted" {
  instance_type           = "m5.xlarge"
  instance_platform       = "Linux/UNIX"
  availability_zone       = "us-east-1b"
  instance_count          = 1
  instance_match_criteria = "targeted"
  end_date_type           = "limited"
  end_date                = var.changed ? "2099-02-01T00:00:00Z" : "2099-01-01T00:00:00Z"
}

resource "aws_instance" "targeting" {
  ami               = data.aws_ami.linux.id
  instance_type     = "m5.xlarge"
  availability_zone = "us-east-1b"
  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_id = aws_ec2_capacity_reservation.targeted.id
    }
  }
}

resource "aws_ec2_host" "own" {
  instance_type     = "c5.large"
  availability_zone = "us-east-1a"
  auto_placement    = var.changed ? "on" : "off"
  host_recovery     = var.changed ? "on" : "off"
  tags              = { Name = "own" }
}

resource "aws_ec2_host" "family" {
  instance_family   = "r5"
  availability_zone = "us-east-1a"
}

resource "aws_instance" "hosted" {
  ami               = data.aws_ami.linux.id
  instance_type     = "c5.large"
  availability_zone = "us-east-1a"
  tenancy           = "host"
  host_id           = aws_ec2_host.own.id
}

data "aws_ec2_host" "own" {
  host_id = aws_ec2_host.own.id
}

resource "aws_instance" "burstable" {
  ami               = data.aws_ami.linux.id
  instance_type     = "t3.micro"
  availability_zone = "us-east-1a"
  credit_specification {
    cpu_credits = var.changed ? "standard" : "unlimited"
  }
  maintenance_options {
    auto_recovery = var.changed ? "disabled" : "default"
  }
}

# Only later, when all volumes and snapshots are there: they are not encrypted.
resource "aws_ebs_encryption_by_default" "account" {
  enabled = var.changed
}

resource "aws_ebs_snapshot_block_public_access" "account" {
  state = var.changed ? "block-all-sharing" : "block-new-sharing"
}

resource "aws_ec2_image_block_public_access" "account" {
  state = var.changed ? "unblocked" : "block-new-sharing"
}

resource "aws_ec2_serial_console_access" "account" {
  enabled = !var.changed
}

resource "aws_ec2_instance_metadata_defaults" "account" {
  http_tokens                 = var.changed ? "optional" : "required"
  http_put_response_hop_limit = var.changed ? 3 : 2
  instance_metadata_tags      = "enabled"
}

resource "aws_ec2_default_credit_specification" "t3" {
  instance_family = "t3"
  cpu_credits     = var.changed ? "unlimited" : "standard"
}

resource "aws_ebs_volume" "data" {
  availability_zone = "us-east-1a"
  size              = 4
}

resource "aws_ebs_snapshot" "data" {
  volume_id = aws_ebs_volume.data.id
}

resource "aws_ebs_fast_snapshot_restore" "data" {
  availability_zone = var.changed ? "us-east-1b" : "us-east-1a"
  snapshot_id       = aws_ebs_snapshot.data.id
}

resource "aws_ebs_snapshot_import" "disk" {
  disk_container {
    format = "VHD"
    user_bucket {
      s3_bucket = "disks"
      s3_key    = "source.vhd"
    }
  }
  tags = { Name = var.changed ? "renamed" : "disk" }
}
