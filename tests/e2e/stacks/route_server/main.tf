variable "changed" {
  type    = bool
  default = false
}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "main" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.1.0/24"
}

resource "aws_route_table" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_vpc_route_server" "main" {
  amazon_side_asn           = 65534
  persist_routes            = var.changed ? "disable" : "enable"
  persist_routes_duration   = var.changed ? null : 2
  sns_notifications_enabled = var.changed
  tags                      = { Name = var.changed ? "main, changed" : "main" }
}

resource "aws_vpc_route_server_vpc_association" "main" {
  route_server_id = aws_vpc_route_server.main.route_server_id
  vpc_id          = aws_vpc.main.id
}

resource "aws_vpc_route_server_endpoint" "main" {
  route_server_id = aws_vpc_route_server.main.route_server_id
  subnet_id       = aws_subnet.main.id
  tags            = { Name = var.changed ? "main, changed" : "main" }
  depends_on      = [aws_vpc_route_server_vpc_association.main]
}

resource "aws_vpc_route_server_peer" "main" {
  route_server_endpoint_id = aws_vpc_route_server_endpoint.main.route_server_endpoint_id
  peer_address             = var.changed ? "10.0.1.201" : "10.0.1.200"

  bgp_options {
    peer_asn                = 65535
    peer_liveness_detection = "bgp-keepalive"
  }
}

resource "aws_vpc_route_server_propagation" "main" {
  route_server_id = aws_vpc_route_server.main.route_server_id
  route_table_id  = aws_route_table.main.id
  depends_on      = [aws_vpc_route_server_vpc_association.main]
}
