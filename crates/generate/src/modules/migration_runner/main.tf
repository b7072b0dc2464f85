data "aws_partition" "current" {}
data "aws_region" "current" {}

data "aws_ssm_parameter" "image" {
  name = var.image_parameter
}

resource "aws_instance" "this" {
  ami                    = data.aws_ssm_parameter.image.insecure_value
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = [aws_security_group.this.id]
  iam_instance_profile   = aws_iam_instance_profile.this.name
  ebs_optimized          = true
  monitoring             = true

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = var.disk_gib
    encrypted   = true
    kms_key_id  = var.disk_kms_key_arn
  }

  tags = {
    Name = var.name
  }

  lifecycle {
    # A newer image must not replace the runner in the middle of a move.
    ignore_changes = [ami]
  }
}

# Nothing comes in: people reach it through Session Manager, which the runner itself calls.
resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:Attached to the runner above
  name_prefix = "${var.name}-"
  description = "Migration runner"
  vpc_id      = var.vpc_id

  tags = {
    Name = var.name
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "AWS, the source's API, packages"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "source" {
  for_each = toset([for port in var.source_ports : tostring(port)])

  security_group_id = aws_security_group.this.id
  description       = "Databases of the source"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "target" {
  for_each = var.database_security_groups

  security_group_id            = aws_security_group.this.id
  description                  = "Database ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.id
}

# Rules on the databases' own groups that go away with the runner.
resource "aws_vpc_security_group_ingress_rule" "target" {
  for_each = var.database_security_groups

  security_group_id            = each.value.id
  description                  = "Migration runner"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = aws_security_group.this.id
}
