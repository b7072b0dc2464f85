mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_region" {
    defaults = {
      region = "ap-south-1"
    }
  }
}

variables {
  name        = "school-prod-data"
  description = "Data of school-prod"
}

run "the_key_turns_and_waits_before_it_goes" {
  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30
    error_message = "The key rotates each year, and a deletion can be taken back for 30 days."
  }

  assert {
    condition     = aws_kms_alias.this.name == "alias/school-prod-data" && aws_kms_key.this.region == "ap-south-1"
    error_message = "People find the key by its alias, in the region of the provider."
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.this.statement : statement.sid] == ["GovernedByAccount"]
    error_message = "Nobody but the account may use a key that was made for nobody."
  }
}

run "services_use_it_for_this_account_only" {
  variables {
    used_through  = ["rds", "secretsmanager"]
    encrypts_logs = true
    publishers    = ["cloudwatch"]
  }

  assert {
    condition = [for statement in data.aws_iam_policy_document.this.statement : statement.sid] == [
      "GovernedByAccount", "UsedThroughServices", "GrantedThroughServices", "UsedByCloudWatchLogs", "UsedByPublishers",
    ]
    error_message = "Each use has a statement."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.this.statement : length(statement.condition) > 0 if statement.sid != "GovernedByAccount"])
    error_message = "No use without a condition."
  }
}

run "a_key_of_another_region_stands_there" {
  variables {
    region       = "ap-south-2"
    used_through = ["backup"]
  }

  assert {
    condition     = aws_kms_key.this.region == "ap-south-2"
    error_message = "A key cannot leave its region."
  }
}
