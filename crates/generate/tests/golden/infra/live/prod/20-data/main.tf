resource "aws_db_subnet_group" "this" {
  name        = local.name
  description = "Data tier of ${local.name}"
  subnet_ids  = values(data.terraform_remote_state.network.outputs.data_subnet_ids)
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "monitoring_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  name               = "${local.name}-rds-monitoring"
  assume_role_policy = data.aws_iam_policy_document.monitoring_trust.json
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

module "database" {
  source   = "../../../modules/database"
  for_each = local.databases

  identifier                = "${local.name}-${each.key}"
  environment               = each.value.environment
  engine                    = each.value.engine
  engine_version            = each.value.engine_version
  instance_class            = each.value.instance_class
  allocated_storage_gib     = each.value.allocated_storage_gib
  max_allocated_storage_gib = each.value.max_allocated_storage_gib
  multi_az                  = each.value.multi_az
  backup_retention_days     = each.value.backup_retention_days
  backup_window             = each.value.backup_window
  parameter_family          = each.value.parameter_family
  replicas                  = each.value.replicas
  parameters                = merge(local.common_parameters, each.value.parameters)

  subnet_group_name   = aws_db_subnet_group.this.name
  security_group_ids  = [data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]
  kms_key_arn         = data.terraform_remote_state.security.outputs.kms_key_arns["data"]
  monitoring_role_arn = aws_iam_role.monitoring.arn
  log_kms_key_arn     = data.terraform_remote_state.network.outputs.log_kms_key_arn
}
