mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      minified_json = "{}"
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

  mock_resource "aws_organizations_organization" {
    defaults = {
      roots = [{ id = "r-1", arn = "arn:aws:organizations::111111111111:root/o-1/r-1", name = "Root", policy_types = [] }]
    }
  }
}

variables {
  name    = "school"
  regions = ["ap-south-1", "us-east-1"]
  accounts = {
    log-archive = { email = "aws+log-archive@school.example", unit = "Security" }
    security    = { email = "aws+security@school.example", unit = "Security" }
    prod        = { email = "aws+prod@school.example", unit = "Workloads" }
  }
}

run "every_account_is_in_its_unit" {
  assert {
    condition     = keys(aws_organizations_organizational_unit.this) == ["Security", "Workloads"]
    error_message = "Accounts that watch and accounts that work are apart."
  }

  assert {
    condition     = aws_organizations_account.this["prod"].parent_id == aws_organizations_organizational_unit.this["Workloads"].id && aws_organizations_account.this["security"].parent_id == aws_organizations_organizational_unit.this["Security"].id
    error_message = "An account hangs on the unit that it names."
  }

  assert {
    condition     = !aws_organizations_account.this["prod"].close_on_deletion && aws_organizations_account.this["prod"].name == "school-prod"
    error_message = "An account that is taken out of the code is not closed."
  }
}

run "the_guardrails_hang_on_the_root" {
  assert {
    condition     = keys(aws_organizations_policy_attachment.this) == ["guardrails", "regions"] && alltrue([for own in aws_organizations_policy_attachment.this : own.target_id == "r-1"])
    error_message = "Both policies hold for every account."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.guardrails.statement : statement.effect] == ["Deny", "Deny", "Deny"] && one([for statement in data.aws_iam_policy_document.guardrails.statement : one(statement.actions) if statement.sid == "StayInTheOrganization"]) == "organizations:LeaveOrganization"
    error_message = "Guardrails refuse, and leaving is refused to everybody."
  }

  assert {
    condition = alltrue([
      for action in ["cloudtrail:StopLogging", "config:StopConfigurationRecorder", "guardduty:DeleteDetector", "securityhub:DisableSecurityHub"] :
      contains(one([for statement in data.aws_iam_policy_document.guardrails.statement : statement.actions if statement.sid == "KeepTheWatch"]), action)
    ])
    error_message = "Nobody switches the watch off."
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.regions.statement).condition).values == tolist(["ap-south-1", "us-east-1"]) && contains(one(data.aws_iam_policy_document.regions.statement).not_actions, "iam:*")
    error_message = "Other regions are shut, services without a region are not."
  }
}

run "security_is_the_delegate" {
  assert {
    condition     = keys(aws_guardduty_organization_admin_account.this) == ["ap-south-1", "us-east-1"] && length(aws_organizations_delegated_administrator.this) == 3
    error_message = "The security account looks at every region in use."
  }

  assert {
    condition     = aws_securityhub_organization_admin_account.this.admin_account_id == aws_organizations_account.this["security"].id
    error_message = "Security Hub is governed by the security account."
  }
}

run "without_regions_none_is_shut" {
  variables {
    regions = []
  }

  assert {
    condition     = keys(aws_organizations_policy.this) == ["guardrails"] && keys(aws_guardduty_organization_admin_account.this) == ["ap-south-1"]
    error_message = "No rule about regions was asked for."
  }
}

run "an_address_is_not_shared" {
  command = plan

  variables {
    accounts = {
      security = { email = "aws@school.example", unit = "Security" }
      prod     = { email = "AWS@school.example", unit = "Workloads" }
    }
  }

  expect_failures = [var.accounts]
}
