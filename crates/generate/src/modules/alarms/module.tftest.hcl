mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name           = "school-prod"
  kms_key_arn    = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  emails         = ["duty@example.org"]
  databases      = { school-prod-main = 100, school-prod-main-replica = 100 }
  replicas       = ["school-prod-main-replica"]
  services       = { web = { group = "school-prod-web", min_size = 2 } }
  clusters       = ["school-prod"]
  load_balancers = { web = { load_balancer = "app/web/1", target_group = "targetgroup/web/2" } }
}

run "notices_are_encrypted_and_reach_people" {
  command = plan

  assert {
    condition     = aws_sns_topic.this.kms_master_key_id == var.kms_key_arn
    error_message = "The topic is encrypted under the key that was given."
  }

  assert {
    condition     = aws_sns_topic_subscription.email["duty@example.org"].protocol == "email"
    error_message = "Whoever is on duty gets a mail."
  }
}

run "every_database_and_load_balancer_is_watched" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.database_storage["school-prod-main"].threshold == 100 * 1073741824 * 0.1
    error_message = "The alarm on storage rings at a tenth of what the database starts with."
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.replica_lag) == ["school-prod-main-replica"]
    error_message = "Only read replicas can lag."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.no_healthy_server["web"].treat_missing_data == "breaching"
    error_message = "No data of a load balancer is bad news."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.too_few_servers["web"].threshold == 2
    error_message = "The least number of servers is the threshold."
  }
}

run "a_cluster_is_watched_for_pods_that_wait" {
  command = plan

  assert {
    condition     = aws_cloudwatch_metric_alarm.pods_without_a_node["school-prod"].dimensions.ClusterName == "school-prod"
    error_message = "Pods that find no node are told of."
  }
}

run "what_must_not_happen_unseen_is_told" {
  command = plan

  variables {
    audit_log_group = "/school-prod/audit-trail"
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.audit) == ["key-deleted", "network-opened", "refused-often", "root-user", "trail-changed", "user-or-key"] && aws_cloudwatch_metric_alarm.audit["root-user"].threshold == 0
    error_message = "A root user that acts is told of at once."
  }

  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.audit : filter.log_group_name == "/school-prod/audit-trail"])
    error_message = "The trail is what is looked at."
  }

  assert {
    condition     = aws_db_event_subscription.this[0].source_ids == toset(["school-prod-main", "school-prod-main-replica"]) && contains(aws_db_event_subscription.this[0].event_categories, "failover")
    error_message = "A standby that took over is told of."
  }
}

run "nothing_to_watch_is_no_error" {
  command = plan

  variables {
    databases      = {}
    replicas       = []
    services       = {}
    clusters       = []
    load_balancers = {}
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.database_cpu) + length(aws_cloudwatch_metric_alarm.audit) + length(aws_db_event_subscription.this) == 0
    error_message = "No alarm without something to watch."
  }
}
