# Numbers to start with: move them once the graphs of a normal week are known.
resource "aws_cloudwatch_metric_alarm" "database_cpu" {
  for_each = var.databases

  alarm_name        = "${var.name}-${each.key}-database-cpu"
  alarm_description = "The database has been busier than 80 percent for half an hour."

  namespace   = "AWS/RDS"
  metric_name = "CPUUtilization"

  dimensions = {
    DBInstanceIdentifier = each.key
  }

  statistic           = "Average"
  period              = 300
  evaluation_periods  = 6
  datapoints_to_alarm = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "database_storage" {
  for_each = var.databases

  alarm_name        = "${var.name}-${each.key}-database-storage"
  alarm_description = "Less than a tenth of the storage is free, and growing on demand did not help."

  namespace   = "AWS/RDS"
  metric_name = "FreeStorageSpace"

  dimensions = {
    DBInstanceIdentifier = each.key
  }

  statistic           = "Minimum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  comparison_operator = "LessThanThreshold"
  threshold           = each.value * 1024 * 1024 * 1024 * 0.1
  treat_missing_data  = "breaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "database_memory" {
  for_each = var.databases

  alarm_name        = "${var.name}-${each.key}-database-memory"
  alarm_description = "Less than 128 MiB of memory are free."

  namespace   = "AWS/RDS"
  metric_name = "FreeableMemory"

  dimensions = {
    DBInstanceIdentifier = each.key
  }

  statistic           = "Minimum"
  period              = 300
  evaluation_periods  = 6
  datapoints_to_alarm = 6
  comparison_operator = "LessThanThreshold"
  threshold           = 134217728
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "replica_lag" {
  for_each = toset(var.replicas)

  alarm_name        = "${var.name}-${each.key}-replica-lag"
  alarm_description = "The replica has been more than a minute behind for ten minutes: readers see old rows."

  namespace   = "AWS/RDS"
  metric_name = "ReplicaLag"

  dimensions = {
    DBInstanceIdentifier = each.key
  }

  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 10
  datapoints_to_alarm = 8
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60
  treat_missing_data  = "breaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "no_healthy_server" {
  for_each = var.load_balancers

  alarm_name        = "${var.name}-${each.key}-no-healthy-server"
  alarm_description = "Down: no server answers its health check."

  namespace   = "AWS/ApplicationELB"
  metric_name = "HealthyHostCount"

  dimensions = {
    LoadBalancer = each.value.load_balancer
    TargetGroup  = each.value.target_group
  }

  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "server_errors" {
  for_each = var.load_balancers

  alarm_name        = "${var.name}-${each.key}-server-errors"
  alarm_description = "Servers answered more than 50 requests in five minutes with an error of their own."

  namespace   = "AWS/ApplicationELB"
  metric_name = "HTTPCode_Target_5XX_Count"

  dimensions = {
    LoadBalancer = each.value.load_balancer
  }

  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 50
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "slow_answers" {
  for_each = var.load_balancers

  alarm_name        = "${var.name}-${each.key}-slow-answers"
  alarm_description = "One request in twenty takes longer than two seconds."

  namespace   = "AWS/ApplicationELB"
  metric_name = "TargetResponseTime"

  dimensions = {
    LoadBalancer = each.value.load_balancer
  }

  extended_statistic  = "p95"
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 2
  treat_missing_data  = "notBreaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}

resource "aws_cloudwatch_metric_alarm" "too_few_servers" {
  for_each = var.services

  alarm_name        = "${var.name}-${each.key}-too-few-servers"
  alarm_description = "Fewer servers run than the least number, and replacing them did not help."

  namespace   = "AWS/AutoScaling"
  metric_name = "GroupInServiceInstances"

  dimensions = {
    AutoScalingGroupName = each.value.group
  }

  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 10
  datapoints_to_alarm = 10
  comparison_operator = "LessThanThreshold"
  threshold           = each.value.min_size
  treat_missing_data  = "breaching"

  alarm_actions = [aws_sns_topic.this.arn]
  ok_actions    = [aws_sns_topic.this.arn]
}
