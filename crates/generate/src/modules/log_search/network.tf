resource "aws_security_group" "domain" {
  #checkov:skip=CKV2_AWS_5:The domain has it
  name_prefix = "${var.name}-log-search-"
  description = "The domain that logs are searched in"
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_security_group" "delivery" {
  #checkov:skip=CKV2_AWS_5:The delivery stream has it
  name_prefix = "${var.name}-log-delivery-"
  description = "What delivers logs to the domain"
  vpc_id      = var.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "delivery" {
  security_group_id            = aws_security_group.domain.id
  referenced_security_group_id = aws_security_group.delivery.id
  description                  = "Logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "delivery" {
  security_group_id            = aws_security_group.delivery.id
  referenced_security_group_id = aws_security_group.domain.id
  description                  = "Logs"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}
