mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_data "aws_region" {
    defaults = {
      region = "ap-south-1"
    }
  }
}

variables {
  name                 = "school-prod"
  record_configuration = true
  log_bucket           = "school-prod-logs"
}

run "the_account_is_watched" {
  assert {
    condition     = aws_guardduty_detector.this[0].enable && aws_config_configuration_recorder_status.this[0].is_enabled
    error_message = "Threats are looked for, and changes are recorded."
  }

  assert {
    condition     = keys(aws_securityhub_standards_subscription.this) == ["standards/aws-foundational-security-best-practices/v/1.0.0"] && !aws_securityhub_account.this[0].enable_default_standards
    error_message = "The standards are those that were chosen."
  }

  assert {
    condition     = aws_securityhub_standards_subscription.this["standards/aws-foundational-security-best-practices/v/1.0.0"].standards_arn == "arn:aws:securityhub:ap-south-1::standards/aws-foundational-security-best-practices/v/1.0.0"
    error_message = "A standard is named in its region."
  }
}

run "defaults_are_safe" {
  assert {
    condition     = aws_ebs_encryption_by_default.this.enabled && aws_ebs_snapshot_block_public_access.this.state == "block-all-sharing"
    error_message = "Disks are encrypted, and no snapshot is shared with everybody."
  }

  assert {
    condition     = aws_s3_account_public_access_block.this.restrict_public_buckets && aws_ec2_instance_metadata_defaults.this.http_tokens == "required"
    error_message = "No public bucket, no instance metadata without a token."
  }
}

run "a_recorder_that_exists_is_left_alone" {
  variables {
    record_configuration = false
  }

  assert {
    condition     = length(aws_config_configuration_recorder.this) == 0 && length(aws_iam_role.config) == 0
    error_message = "An account has one recorder."
  }
}

run "what_the_organization_switches_on_is_left_to_it" {
  variables {
    is_watched = true
  }

  assert {
    condition     = length(aws_guardduty_detector.this) + length(aws_guardduty_detector_feature.this) + length(aws_securityhub_account.this) + length(aws_securityhub_standards_subscription.this) == 0
    error_message = "An account has one detector and one hub."
  }

  assert {
    condition     = aws_config_configuration_recorder_status.this[0].is_enabled && output.detector_id == null
    error_message = "Changes are recorded in each account by itself."
  }
}
