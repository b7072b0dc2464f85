mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name          = "school-prod"
  resource_arns = ["arn:aws:rds:ap-south-1:123456789012:db:school-prod-main"]
  kms_key_arn   = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "copies_go_to_the_second_region" {
  # The plan names the copies' vault by its ARN, which exists after the apply.
  variables {
    copy_region         = "ap-south-2"
    copy_retention_days = 90
    copy_kms_key_arn    = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = aws_backup_vault.copy[0].region == "ap-south-2" && aws_backup_vault.copy[0].kms_key_arn == var.copy_kms_key_arn
    error_message = "The vault of the copies stands in their region, under a key of that region."
  }

  assert {
    condition     = aws_backup_vault_lock_configuration.copy[0].region == "ap-south-2" && aws_backup_vault_lock_configuration.copy[0].min_retention_days == 90 && aws_backup_vault_lock_configuration.copy[0].changeable_for_days == null
    error_message = "Copies are not deleted before their days are over, and the lock can be taken back."
  }

  assert {
    condition     = one(one(aws_backup_plan.this.rule).copy_action).lifecycle[0].delete_after == 90
    error_message = "Copies are kept for as long as was asked."
  }
}

run "without_a_second_region_there_are_no_copies" {
  command = plan

  assert {
    condition     = length(aws_backup_vault.copy) == 0 && length(one(aws_backup_plan.this.rule).copy_action) == 0
    error_message = "No copy was asked for."
  }

  assert {
    condition     = aws_backup_vault.this.kms_key_arn == var.kms_key_arn
    error_message = "Backups are encrypted under the key that was given."
  }
}
