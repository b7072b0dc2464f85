# What must not happen unseen, as the audit trail writes it.
locals {
  audited = {
    root-user      = "{ $.userIdentity.type = \"Root\" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != \"AwsServiceEvent\" }"
    trail-changed  = "{ ($.eventName = StopLogging) || ($.eventName = DeleteTrail) || ($.eventName = UpdateTrail) || ($.eventName = PutEventSelectors) }"
    key-deleted    = "{ ($.eventSource = kms.amazonaws.com) && (($.eventName = DisableKey) || ($.eventName = ScheduleKeyDeletion)) }"
    user-or-key    = "{ ($.eventSource = iam.amazonaws.com) && (($.eventName = CreateUser) || ($.eventName = CreateAccessKey) || ($.eventName = CreateLoginProfile)) }"
    refused-often  = "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }"
    network-opened = "{ ($.eventName = AuthorizeSecurityGroupIngress) || ($.eventName = CreateInternetGateway) || ($.eventName = CreateVpcPeeringConnection) }"
  }

  # A single one is told of, but for refusals: everybody mistypes.
  audited_most = { refused-often = 20 }
}

resource "aws_cloudwatch_log_metric_filter" "audit" {
  for_each = var.audit_log_group == null ? {} : local.audited

  name           = "${var.name}-${each.key}"
  log_group_name = var.audit_log_group
  pattern        = each.value

  metric_transformation {
    name          = "${var.name}-${each.key}"
    namespace     = "Audit"
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_metric_alarm" "audit" {
  for_each = aws_cloudwatch_log_metric_filter.audit

  alarm_name        = "${var.name}-audit-${each.key}"
  alarm_description = "The audit trail tells of it: ${each.key}."

  namespace   = "Audit"
  metric_name = "${var.name}-${each.key}"

  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = lookup(local.audited_most, each.key, 0)
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
}

# What RDS itself says of its instances: a standby that took over, storage that runs out, a restart that is due.
resource "aws_db_event_subscription" "this" {
  count = length(var.databases) == 0 ? 0 : 1

  name             = var.name
  sns_topic        = aws_sns_topic.this.arn
  source_type      = "db-instance"
  source_ids       = keys(var.databases)
  event_categories = ["availability", "deletion", "failover", "failure", "low storage", "maintenance", "recovery"]

  depends_on = [aws_sns_topic_policy.this]
}
