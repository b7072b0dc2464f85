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
}

variables {
  name        = "school-prod"
  kms_key_arn = "arn:aws:kms:ap-south-1:111111111111:key/11111111-2222-3333-4444-555555555555"
  agent_roles = { web = "school-web" }
}

run "without_an_id_nobody_comes_in" {
  assert {
    condition     = length(aws_iam_role.integration) == 0 && output.integration_role_name == null
    error_message = "A role without an id would be everybody's at Datadog."
  }

  assert {
    condition     = keys(aws_iam_role_policy.read_key) == ["web"] && aws_secretsmanager_secret.api_key.name == "school-prod-datadog"
    error_message = "Agents read the key, and nobody writes it here."
  }
}

run "datadog_comes_in_by_its_id" {
  variables {
    external_id = "0123456789abcdef"
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.trust[0].statement).condition).values == tolist(["0123456789abcdef"]) && one(one(data.aws_iam_policy_document.trust[0].statement).principals).identifiers == toset(["arn:aws:iam::464622532012:root"])
    error_message = "The id tells this customer of Datadog from the others."
  }

  assert {
    condition     = alltrue([for action in one(data.aws_iam_policy_document.look.statement).actions : !strcontains(action, "GetObject") && !strcontains(action, "SecretValue") && !startswith(action, "logs:")])
    error_message = "It measures and reads no data."
  }
}
