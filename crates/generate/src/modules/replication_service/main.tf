data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

resource "aws_dms_replication_subnet_group" "this" {
  replication_subnet_group_id          = var.name
  replication_subnet_group_description = "Application tier for ${var.name}"
  subnet_ids                           = var.subnet_ids

  # DMS looks for a role of exactly this name when it makes its first subnet group.
  depends_on = [aws_iam_role_policy_attachment.vpc]
}

resource "aws_dms_replication_instance" "this" {
  replication_instance_id     = var.name
  replication_instance_class  = var.instance_class
  allocated_storage           = var.storage_gib
  multi_az                    = true
  publicly_accessible         = false
  auto_minor_version_upgrade  = true
  kms_key_arn                 = var.kms_key_arn
  replication_subnet_group_id = aws_dms_replication_subnet_group.this.id
  vpc_security_group_ids      = [aws_security_group.this.id]

  # Tasks log by this role. An instance that came first would log nothing.
  depends_on = [aws_iam_role_policy_attachment.logs]
}

resource "aws_dms_certificate" "source" {
  certificate_id  = "${var.name}-source"
  certificate_pem = var.source_ca_pem
}

resource "aws_dms_certificate" "target" {
  certificate_id  = "${var.name}-target"
  certificate_pem = var.target_ca_pem
}

resource "aws_dms_endpoint" "source" {
  #checkov:skip=CKV_AWS_296:Encrypted under var.kms_key_arn, and the password is in Secrets Manager
  for_each = var.databases

  endpoint_id                     = "${var.name}-${each.key}-source"
  endpoint_type                   = "source"
  engine_name                     = "mysql"
  ssl_mode                        = "verify-ca"
  certificate_arn                 = aws_dms_certificate.source.certificate_arn
  secrets_manager_arn             = each.value.source_secret_arn
  secrets_manager_access_role_arn = aws_iam_role.secrets.arn
  kms_key_arn                     = var.kms_key_arn

  # DMS reads the secret as soon as the endpoint is made.
  depends_on = [aws_iam_role_policy.secrets]
}

resource "aws_dms_endpoint" "target" {
  #checkov:skip=CKV_AWS_296:Encrypted under var.kms_key_arn, and the password is in Secrets Manager
  for_each = var.databases

  endpoint_id                     = "${var.name}-${each.key}-target"
  endpoint_type                   = "target"
  engine_name                     = "mysql"
  ssl_mode                        = "verify-ca"
  certificate_arn                 = aws_dms_certificate.target.certificate_arn
  secrets_manager_arn             = each.value.target_secret_arn
  secrets_manager_access_role_arn = aws_iam_role.secrets.arn
  kms_key_arn                     = var.kms_key_arn

  # DMS reads the secret as soon as the endpoint is made.
  depends_on = [aws_iam_role_policy.secrets]
}

resource "aws_dms_replication_task" "this" {
  for_each = var.databases

  replication_task_id      = "${var.name}-${each.key}"
  migration_type           = "full-load-and-cdc"
  replication_instance_arn = aws_dms_replication_instance.this.replication_instance_arn
  source_endpoint_arn      = aws_dms_endpoint.source[each.key].endpoint_arn
  target_endpoint_arn      = aws_dms_endpoint.target[each.key].endpoint_arn

  table_mappings = jsonencode({
    rules = [
      for index, schema in each.value.schemas : {
        rule-type      = "selection"
        rule-id        = tostring(index + 1)
        rule-name      = schema
        rule-action    = "include"
        object-locator = { schema-name = schema, table-name = "%" }
      }
    ]
  })

  replication_task_settings = jsonencode({
    Logging                = { EnableLogging = true }
    ValidationSettings     = { EnableValidation = true }
    FullLoadSettings       = { TargetTablePrepMode = "DO_NOTHING" }
    ChangeProcessingTuning = { CommitTimeout = 1 }
  })

  lifecycle {
    # DMS writes its own defaults into the settings.
    ignore_changes = [replication_task_settings]
  }
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:Attached to the replication instance above
  name_prefix = "${var.name}-"
  description = "Replication instance"
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
  description       = "Secrets Manager and other services of AWS"
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
  for_each = var.databases

  security_group_id            = aws_security_group.this.id
  description                  = "Database ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = each.value.security_group_id
}

resource "aws_vpc_security_group_ingress_rule" "target" {
  for_each = var.databases

  security_group_id            = each.value.security_group_id
  description                  = "Replication instance"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  referenced_security_group_id = aws_security_group.this.id
}
