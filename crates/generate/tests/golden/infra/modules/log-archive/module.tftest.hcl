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

  mock_resource "aws_s3_bucket" {
    defaults = {
      arn = "arn:aws:s3:::school-trail-1"
    }
  }
}

variables {
  name       = "school-org"
  lock_mode  = "GOVERNANCE"
  lock_days  = 90
  trail_arn  = "arn:aws:cloudtrail:ap-south-1:111111111111:trail/school-org"
  writers    = ["111111111111", "o-1"]
  log_bucket = "school-logs"
}

run "records_are_locked" {
  assert {
    condition     = aws_s3_bucket_object_lock_configuration.this[0].rule[0].default_retention[0].mode == "GOVERNANCE" && aws_s3_bucket.this.object_lock_enabled
    error_message = "The bucket is locked as asked."
  }
}

run "only_the_one_trail_writes" {
  assert {
    condition     = one([for statement in data.aws_iam_policy_document.bucket.statement : statement.resources if statement.sid == "WrittenByCloudTrail"]) == toset(["arn:aws:s3:::school-trail-1/AWSLogs/111111111111/*", "arn:aws:s3:::school-trail-1/AWSLogs/o-1/*"])
    error_message = "Records of each writer lie apart, and nobody else's are taken."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.bucket.statement : one(statement.condition).values == tolist([var.trail_arn]) if statement.sid != "RefusedWithoutTls"])
    error_message = "No other trail reaches the bucket."
  }
}

run "without_a_lock_there_is_none" {
  variables {
    lock_mode = "NONE"
  }

  assert {
    condition     = length(aws_s3_bucket_object_lock_configuration.this) == 0 && !aws_s3_bucket.this.object_lock_enabled
    error_message = "No lock was asked for."
  }
}

run "unknown_modes_are_refused" {
  command = plan

  variables {
    lock_mode = "FOREVER"
  }

  expect_failures = [var.lock_mode]
}
