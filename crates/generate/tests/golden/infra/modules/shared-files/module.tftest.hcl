mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name               = "school-prod-uploads"
  subnet_ids         = { a = "subnet-app-a", b = "subnet-app-b" }
  security_group_ids = ["sg-files"]
  kms_key_arn        = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "files_are_encrypted_and_found_in_every_zone" {
  assert {
    condition     = aws_efs_file_system.this.encrypted && aws_efs_file_system.this.kms_key_id == var.kms_key_arn
    error_message = "Files are encrypted under the key that was given."
  }

  assert {
    condition     = keys(aws_efs_mount_target.this) == ["a", "b"]
    error_message = "The loss of a zone takes the files from nobody in the others."
  }
}

run "nobody_mounts_it_in_the_clear_or_around_the_access_point" {
  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.this.statement : statement.effect == "Deny"]) && toset([for statement in data.aws_iam_policy_document.this.statement : one(statement.condition).variable]) == toset(["aws:SecureTransport", "elasticfilesystem:AccessPointArn"])
    error_message = "The policy of the file system only denies; roles allow."
  }

  assert {
    condition     = length(aws_efs_access_point.this.posix_user) == 0
    error_message = "Files keep their owners."
  }
}
