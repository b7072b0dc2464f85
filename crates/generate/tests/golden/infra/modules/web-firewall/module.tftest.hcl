mock_provider "aws" {}

variables {
  name                      = "school"
  scope                     = "CLOUDFRONT"
  region                    = "us-east-1"
  requests_per_five_minutes = 2000
  sign_ins_per_five_minutes = 100
  managed_rules_block       = false
  log_kms_key_arn           = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "sign_in_has_a_limit_of_its_own" {
  assert {
    condition     = length(aws_wafv2_web_acl.this.rule) == 6
    error_message = "Two rate limits and four rule groups are expected."
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.this.name, "aws-waf-logs-")
    error_message = "AWS WAF writes only to log groups whose name starts with aws-waf-logs-."
  }
}

run "a_firewall_of_distributions_lives_in_us_east_1" {
  command = plan

  variables {
    region = "ap-south-1"
  }

  expect_failures = [var.region]
}

run "limits_under_ten_are_refused" {
  command = plan

  variables {
    sign_ins_per_five_minutes = 3
  }

  expect_failures = [var.sign_ins_per_five_minutes]
}
