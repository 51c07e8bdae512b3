# An image and a snapshot that are copied to a second region, and an instance of the copy.

provider "aws" {
  alias  = "there"
  region = "eu-west-1"
}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]
  filter {
    name   = "name"
    values = ["al2023-ami-2023*-x86_64"]
  }
}

resource "aws_instance" "source" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3.micro"
}

resource "aws_ami_from_instance" "golden" {
  name               = "golden"
  source_instance_id = aws_instance.source.id
}

resource "aws_ami_copy" "golden" {
  provider          = aws.there
  name              = "golden-copy"
  source_ami_id     = aws_ami_from_instance.golden.id
  source_ami_region = "us-east-1"
}

resource "aws_instance" "copy" {
  provider      = aws.there
  ami           = aws_ami_copy.golden.id
  instance_type = "t3.micro"
}

resource "aws_ebs_volume" "data" {
  availability_zone = "us-east-1a"
  size              = 4
}

resource "aws_ebs_snapshot" "data" {
  volume_id = aws_ebs_volume.data.id
  tags      = { Name = "data" }
}

resource "aws_ebs_snapshot_copy" "data" {
  provider           = aws.there
  source_snapshot_id = aws_ebs_snapshot.data.id
  source_region      = "us-east-1"
}

resource "aws_ebs_volume" "restored" {
  provider          = aws.there
  availability_zone = "eu-west-1b"
  snapshot_id       = aws_ebs_snapshot_copy.data.id
}
