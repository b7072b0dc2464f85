mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name_prefix = "school-prod-logs-"
}

run "the_bucket_is_private" {
  command = plan

  assert {
    condition     = alltrue([aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy, aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets])
    error_message = "All four doors are shut."
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled"
    error_message = "A log that is overwritten can be read."
  }

  assert {
    condition     = one(one(aws_s3_bucket_lifecycle_configuration.this.rule).expiration).days == 365
    error_message = "Logs are kept for a year."
  }
}

run "long_prefixes_are_refused" {
  command = plan

  variables {
    name_prefix = "a-prefix-that-leaves-no-room-for-the-part-that-aws-adds-"
  }

  expect_failures = [var.name_prefix]
}
