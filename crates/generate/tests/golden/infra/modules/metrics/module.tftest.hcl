mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name            = "school-prod"
  rules           = "groups: []"
  topic_arn       = "arn:aws:sns:ap-south-1:123456789012:school-prod-alarms"
  writer_roles    = { web = "school-prod-web" }
  kms_key_arn     = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_kms_key_arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  has_grafana     = true
}

run "metrics_are_encrypted_and_alerts_reach_the_topic" {
  assert {
    condition     = aws_prometheus_workspace.this.kms_key_arn == var.kms_key_arn
    error_message = "Metrics are encrypted under the key that was given."
  }

  assert {
    condition     = yamldecode(yamldecode(aws_prometheus_alert_manager_definition.this.definition).alertmanager_config).receivers[0].sns_configs[0].topic_arn == var.topic_arn
    error_message = "Alerts end at the topic."
  }

  assert {
    condition     = aws_iam_role_policy.write["web"].role == "school-prod-web"
    error_message = "Servers of the service may write."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.write.statement).actions == toset(["aps:RemoteWrite"])
    error_message = "And they may do nothing else."
  }
}

run "grafana_is_there_only_when_asked" {
  variables {
    has_grafana = false
  }

  assert {
    condition     = length(aws_grafana_workspace.this) == 0 && length(aws_iam_role.grafana) == 0
    error_message = "Without Grafana there is no role for it."
  }
}
