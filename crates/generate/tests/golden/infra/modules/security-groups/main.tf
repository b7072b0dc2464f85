# The addresses from which CloudFront reaches origins; AWS keeps the list.
data "aws_ec2_managed_prefix_list" "distributions" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:The groups are attached in the roots of data, apps and edge
  for_each = var.groups

  name_prefix = "${var.name}-${each.key}-"
  description = each.value
  vpc_id      = var.vpc_id

  tags = {
    Name = "${var.name}-${each.key}"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  #checkov:skip=CKV_AWS_260:Port 80 is open on load balancers only, which answer it with a redirect to HTTPS
  for_each = var.ingress_rules

  security_group_id            = aws_security_group.this[each.value.group].id
  description                  = each.value.description
  ip_protocol                  = each.value.ip_protocol
  from_port                    = each.value.from_port
  to_port                      = each.value.to_port
  referenced_security_group_id = each.value.peer_group == null ? null : aws_security_group.this[each.value.peer_group].id
  cidr_ipv4                    = each.value.cidr_ipv4
  prefix_list_id               = each.value.from_distributions ? data.aws_ec2_managed_prefix_list.distributions.id : null

  tags = {
    Name = each.key
  }
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = var.egress_rules

  security_group_id            = aws_security_group.this[each.value.group].id
  description                  = each.value.description
  ip_protocol                  = each.value.ip_protocol
  from_port                    = each.value.from_port
  to_port                      = each.value.to_port
  referenced_security_group_id = each.value.peer_group == null ? null : aws_security_group.this[each.value.peer_group].id
  cidr_ipv4                    = each.value.cidr_ipv4
  prefix_list_id               = each.value.from_distributions ? data.aws_ec2_managed_prefix_list.distributions.id : null

  tags = {
    Name = each.key
  }
}
