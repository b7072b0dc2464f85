# Nothing comes in: Image Builder steers the server through Systems Manager, which the server itself calls.
resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:Image Builder attaches it to the server that makes the image
  name_prefix = "${var.name}-image-"
  description = "Makes the image of ${var.name}"
  vpc_id      = var.vpc_id

  tags = {
    Name = "${var.name}-image"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "web" {
  for_each = toset(["80", "443"])

  security_group_id = aws_security_group.this.id
  description       = "AWS, packages, the repository of the application"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
  cidr_ipv4         = "0.0.0.0/0"
}
