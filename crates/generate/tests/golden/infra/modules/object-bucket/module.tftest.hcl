mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name       = "school-media-123456789012"
  log_bucket = "school-logs"
}

run "nothing_in_it_can_be_public" {
  command = plan

  assert {
    condition     = aws_s3_bucket_public_access_block.this.restrict_public_buckets && aws_s3_bucket_public_access_block.this.block_public_policy
    error_message = "The bucket is private."
  }
}

run "names_that_s3_refuses_are_refused_here" {
  command = plan

  variables {
    name = "School_Media"
  }

  expect_failures = [var.name]
}
