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

run "a_set_holds_for_the_accounts_that_it_names" {
  variables {
    permission_sets = {
      Auditor = {
        description      = "Looks at everything, changes nothing."
        managed_policies = ["SecurityAudit"]
        session_duration = "PT8H"
        group            = "auditors"
        accounts         = { prod = "222222222222", security = "333333333333" }
      }
    }
  }

  assert {
    condition     = { for key, own in aws_ssoadmin_account_assignment.this : key => own.target_id } == { Auditor-prod = "222222222222", Auditor-security = "333333333333" }
    error_message = "Each account has the set assigned."
  }
}
