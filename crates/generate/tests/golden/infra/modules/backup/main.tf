data "aws_partition" "current" {}

resource "aws_backup_vault" "this" {
  name        = var.name
  kms_key_arn = var.kms_key_arn
}

resource "aws_backup_vault" "copy" {
  count = var.copy_region == null ? 0 : 1

  region      = var.copy_region
  name        = var.name
  kms_key_arn = var.copy_kms_key_arn
}

# Without a date from which it holds for ever, who governs backups may take the lock off; nobody else deletes one before its days are over.
resource "aws_backup_vault_lock_configuration" "this" {
  backup_vault_name  = aws_backup_vault.this.name
  min_retention_days = var.retention_days
}

resource "aws_backup_vault_lock_configuration" "copy" {
  count = var.copy_region == null ? 0 : 1

  region             = var.copy_region
  backup_vault_name  = aws_backup_vault.copy[0].name
  min_retention_days = var.copy_retention_days
}

resource "aws_backup_plan" "this" {
  name = var.name

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 20 * * ? *)"
    start_window      = 60
    completion_window = 600

    lifecycle {
      delete_after                              = var.retention_days
      opt_in_to_archive_for_supported_resources = false
    }

    dynamic "copy_action" {
      for_each = aws_backup_vault.copy

      content {
        destination_vault_arn = copy_action.value.arn

        lifecycle {
          delete_after                              = var.copy_retention_days
          opt_in_to_archive_for_supported_resources = false
        }
      }
    }
  }
}

# AWS documents no account that Backup names when it takes this role on: a condition on it could end every backup. A role
# can be handed to the service by its own account only.
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["backup.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-backup"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = toset([
    "AWSBackupServiceRolePolicyForS3Backup",
    "AWSBackupServiceRolePolicyForS3Restore",
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
  ])

  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.key}"
}

resource "aws_backup_selection" "this" {
  name         = var.name
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.this.arn
  resources    = var.resource_arns
}
