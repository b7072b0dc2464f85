locals {
  exported_logs = {
    mysql    = ["error", "slowquery"]
    postgres = ["postgresql", "upgrade"]
  }

  log_groups = toset([for pair in setproduct(concat([var.identifier], [for key in keys(var.replicas) : "${var.identifier}-${key}"]), local.exported_logs[var.engine]) : join("/", pair)])

  # RDS for MySQL has no Performance Insights on the smallest classes, and refuses to create them
  # with it.
  has_insights = { for class in toset(concat([var.instance_class], values(var.replicas)[*].instance_class)) : class => var.engine != "mysql" || !can(regex("[.]t[0-9]g?[.](micro|small)$", class)) }
}

# RDS would make them by itself, without a key and without an end.
resource "aws_cloudwatch_log_group" "this" {
  for_each = local.log_groups

  name              = "/aws/rds/instance/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.identifier}-"
  family      = var.parameter_family
  description = "Parameters of ${var.identifier}"

  dynamic "parameter" {
    for_each = var.parameters

    content {
      name         = parameter.key
      value        = parameter.value.value
      apply_method = parameter.value.apply_method
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_157:A standby is a decision for each database
  #checkov:skip=CKV_AWS_133:Kept for 7 to 35 days, which the variable demands; the check gives up on a long list of databases
  #checkov:skip=CKV2_AWS_69:The parameter that asks for TLS is among var.parameters, where the check does not look
  #checkov:skip=CKV_AWS_353:On for every class that has it, which the check cannot work out
  identifier           = var.identifier
  engine               = var.engine
  engine_version       = var.engine_version
  instance_class       = var.instance_class
  parameter_group_name = aws_db_parameter_group.this.name

  storage_type          = "gp3"
  allocated_storage     = var.allocated_storage_gib
  max_allocated_storage = var.max_allocated_storage_gib
  storage_encrypted     = true
  kms_key_id            = var.kms_key_arn

  username                            = "dbadmin"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = var.kms_key_arn
  iam_database_authentication_enabled = true

  multi_az               = var.multi_az
  db_subnet_group_name   = var.subnet_group_name
  vpc_security_group_ids = var.security_group_ids
  publicly_accessible    = false

  backup_retention_period    = var.backup_retention_days
  backup_window              = var.backup_window
  copy_tags_to_snapshot      = true
  final_snapshot_identifier  = "${var.identifier}-final"
  deletion_protection        = true
  auto_minor_version_upgrade = true

  monitoring_interval             = 60
  monitoring_role_arn             = var.monitoring_role_arn
  performance_insights_enabled    = local.has_insights[var.instance_class]
  performance_insights_kms_key_id = local.has_insights[var.instance_class] ? var.kms_key_arn : null
  enabled_cloudwatch_logs_exports = local.exported_logs[var.engine]

  tags = {
    Name        = var.identifier
    Environment = var.environment
  }

  depends_on = [aws_cloudwatch_log_group.this]

  lifecycle {
    prevent_destroy = true

    # Storage grows by itself.
    ignore_changes = [allocated_storage]
  }
}

resource "aws_db_instance" "replica" {
  #checkov:skip=CKV2_AWS_69:The parameter that asks for TLS is among var.parameters, where the check does not look
  #checkov:skip=CKV_AWS_353:On for every class that has it, which the check cannot work out
  #checkov:skip=CKV_AWS_157:A replica is a copy already; a standby of it would be a third
  for_each = var.replicas

  identifier           = "${var.identifier}-${each.key}"
  replicate_source_db  = aws_db_instance.this.identifier
  instance_class       = each.value.instance_class
  parameter_group_name = aws_db_parameter_group.this.name

  storage_type          = "gp3"
  max_allocated_storage = var.max_allocated_storage_gib
  storage_encrypted     = true

  iam_database_authentication_enabled = true
  vpc_security_group_ids              = var.security_group_ids
  publicly_accessible                 = false

  copy_tags_to_snapshot      = true
  skip_final_snapshot        = true
  deletion_protection        = true
  auto_minor_version_upgrade = true

  monitoring_interval             = 60
  monitoring_role_arn             = var.monitoring_role_arn
  performance_insights_enabled    = local.has_insights[each.value.instance_class]
  performance_insights_kms_key_id = local.has_insights[each.value.instance_class] ? var.kms_key_arn : null
  enabled_cloudwatch_logs_exports = local.exported_logs[var.engine]

  tags = {
    Name        = "${var.identifier}-${each.key}"
    Environment = var.environment
  }

  depends_on = [aws_cloudwatch_log_group.this]
}
