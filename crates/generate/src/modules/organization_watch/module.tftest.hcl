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
  name    = "school-org"
  root_id = "r-1"
  regions = ["ap-south-1", "us-east-1"]
}

run "every_account_is_watched_in_every_region" {
  assert {
    condition     = keys(aws_guardduty_organization_configuration.this) == ["ap-south-1", "us-east-1"] && alltrue([for own in aws_guardduty_organization_configuration.this : own.auto_enable_organization_members == "ALL"])
    error_message = "Accounts that are there and accounts that come are watched."
  }

  assert {
    condition     = length(aws_guardduty_organization_configuration_feature.this) == 6 && aws_guardduty_organization_configuration_feature.this["us-east-1-S3_DATA_EVENTS"].region == "us-east-1"
    error_message = "Every feature is on in every region."
  }
}

run "security_hub_is_governed_from_here" {
  assert {
    condition     = one(aws_securityhub_organization_configuration.this.organization_configuration).configuration_type == "CENTRAL" && aws_securityhub_configuration_policy_association.this.target_id == "r-1"
    error_message = "One policy holds for every account."
  }

  assert {
    condition     = aws_securityhub_finding_aggregator.this.linking_mode == "SPECIFIED_REGIONS" && aws_securityhub_finding_aggregator.this.specified_regions == toset(["us-east-1"])
    error_message = "Findings of the other regions come home."
  }

  assert {
    condition     = one(aws_securityhub_configuration_policy.this.configuration_policy).enabled_standard_arns == toset(["arn:aws:securityhub:ap-south-1::standards/aws-foundational-security-best-practices/v/1.0.0"])
    error_message = "The standards are those that were chosen."
  }
}

run "changes_of_all_accounts_are_read_together" {
  assert {
    condition     = one(aws_config_configuration_aggregator.this.organization_aggregation_source).all_regions && aws_accessanalyzer_analyzer.this.type == "ORGANIZATION"
    error_message = "No region and no account is left out."
  }
}

run "no_region_is_a_mistake" {
  command = plan

  variables {
    regions = []
  }

  expect_failures = [var.regions]
}
