data "aws_caller_identity" "current" {}

resource "aws_prometheus_workspace" "this" {
  alias       = var.name
  kms_key_arn = var.kms_key_arn

  logging_configuration {
    log_group_arn = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tags = {
    Name = var.name
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/metrics"
  retention_in_days = 365
  kms_key_id        = var.log_kms_key_arn
}

resource "aws_prometheus_rule_group_namespace" "this" {
  workspace_id = aws_prometheus_workspace.this.id
  name         = var.name
  data         = var.rules
}

resource "aws_prometheus_alert_manager_definition" "this" {
  workspace_id = aws_prometheus_workspace.this.id

  definition = yamlencode({
    alertmanager_config = yamlencode({
      route = {
        receiver        = "duty"
        group_by        = ["alertname", "service"]
        group_wait      = "30s"
        group_interval  = "5m"
        repeat_interval = "4h"
      }

      receivers = [{
        name = "duty"
        sns_configs = [{
          topic_arn = var.topic_arn
          sigv4     = { region = split(":", var.topic_arn)[3] }
          subject   = "{{ .CommonLabels.alertname }} {{ .CommonLabels.service }}"
        }]
      }]
    })
  })
}

data "aws_iam_policy_document" "write" {
  statement {
    sid       = "WriteMetrics"
    actions   = ["aps:RemoteWrite"]
    resources = [aws_prometheus_workspace.this.arn]
  }
}

resource "aws_iam_role_policy" "write" {
  for_each = var.writer_roles

  name   = "write-metrics"
  role   = each.value
  policy = data.aws_iam_policy_document.write.json
}
