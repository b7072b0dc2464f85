mock_provider "aws" {
  mock_data "aws_ssoadmin_instances" {
    defaults = {
      arns               = ["arn:aws:sso:::instance/ssoins-1"]
      identity_store_ids = ["d-1"]
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

variables {
  permission_sets = {
    ReadOnly = {
      description      = "Looks at everything, changes nothing."
      managed_policies = ["ReadOnlyAccess"]
      session_duration = "PT8H"
      group            = "developers"
    }
    Operator = {
      description      = "Operates the application."
      managed_policies = ["ReadOnlyAccess", "AmazonSSMReadOnlyAccess"]
      inline_policy    = "{}"
      session_duration = "PT1H"
      group            = "operators"
    }
  }
}

run "each_set_is_for_one_group" {
  assert {
    condition     = keys(aws_ssoadmin_account_assignment.this) == ["Operator", "ReadOnly"]
    error_message = "Every set is assigned to its group."
  }

  assert {
    condition     = aws_ssoadmin_managed_policy_attachment.this["ReadOnly-ReadOnlyAccess"].managed_policy_arn == "arn:aws:iam::aws:policy/ReadOnlyAccess"
    error_message = "AWS's own policies are named by their ARN."
  }

  assert {
    condition     = keys(aws_ssoadmin_permission_set_inline_policy.this) == ["Operator"]
    error_message = "Only sets with rights of their own have an inline policy."
  }
}
