mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:ap-south-1:123456789012:log-group:school"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/school"
    }
  }

  mock_resource "aws_kms_key" {
    defaults = {
      arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    }
  }
}

variables {
  name            = "school"
  lock_mode       = "GOVERNANCE"
  lock_days       = 90
  log_kms_key_arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_bucket      = "school-logs"
}

run "the_trail_covers_everything" {
  assert {
    condition     = aws_cloudtrail.this.s3_bucket_name == module.archive.bucket && aws_cloudtrail.this.kms_key_id == module.archive.kms_key_arn
    error_message = "The trail is written into the archive, under its key."
  }

  assert {
    condition     = aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.enable_log_file_validation
    error_message = "The trail covers every region, and its files can be proven."
  }
}
