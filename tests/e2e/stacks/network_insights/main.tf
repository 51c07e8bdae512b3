variable "changed" {
  type    = bool
  default = false
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "main" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.1.0/24"
  availability_zone = "us-east-1a"
}

resource "aws_route" "out" {
  route_table_id         = aws_vpc.main.main_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_security_group" "web" {
  vpc_id = aws_vpc.main.id

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_network_interface" "web" {
  subnet_id       = aws_subnet.main.id
  security_groups = [aws_security_group.web.id]
}

resource "aws_network_interface" "client" {
  subnet_id       = aws_subnet.main.id
  security_groups = [aws_security_group.web.id]
}

resource "aws_eip" "web" {
  domain            = "vpc"
  network_interface = aws_network_interface.web.id
  depends_on        = [aws_internet_gateway.main]
}

resource "aws_ec2_network_insights_path" "inside" {
  source           = aws_network_interface.client.arn
  destination      = aws_network_interface.web.id
  protocol         = "tcp"
  destination_port = 443
  tags             = { Side = var.changed ? "inside, changed" : "inside" }
}

resource "aws_ec2_network_insights_path" "from_outside" {
  source           = aws_internet_gateway.main.id
  destination      = aws_network_interface.web.id
  protocol         = "tcp"
  destination_port = var.changed ? 22 : 443
}

resource "aws_ec2_network_insights_analysis" "inside" {
  network_insights_path_id = aws_ec2_network_insights_path.inside.id
  tags                     = { Side = var.changed ? "inside, changed" : "inside" }
}

resource "aws_ec2_network_insights_analysis" "from_outside" {
  network_insights_path_id = aws_ec2_network_insights_path.from_outside.id
  depends_on               = [aws_eip.web, aws_route.out]

  lifecycle {
    postcondition {
      condition     = self.path_found == !var.changed
      error_message = "the security group lets 443 through only"
    }
  }
}

data "aws_ec2_network_insights_path" "inside" {
  network_insights_path_id = aws_ec2_network_insights_path.inside.id
}

output "found" {
  value = aws_ec2_network_insights_analysis.inside.path_found
}
