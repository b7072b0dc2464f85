# EKS writes these by itself, free of charge.
resource "aws_cloudwatch_metric_alarm" "pods_without_a_node" {
  for_each = toset(var.clusters)

  alarm_name        = "${var.name}-${each.key}-pods-without-a-node"
  alarm_description = "For fifteen minutes pods have found no node, and adding nodes did not help."

  namespace   = "AWS/EKS"
  metric_name = "scheduler_pending_pods_UNSCHEDULABLE"

  dimensions = {
    ClusterName = each.key
  }

  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 15
  datapoints_to_alarm = 15
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "cluster_errors" {
  for_each = toset(var.clusters)

  alarm_name        = "${var.name}-${each.key}-cluster-errors"
  alarm_description = "The cluster's API answered more than 10 requests in five minutes with an error of its own."

  namespace   = "AWS/EKS"
  metric_name = "apiserver_request_total_5XX"

  dimensions = {
    ClusterName = each.key
  }

  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 10
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}
