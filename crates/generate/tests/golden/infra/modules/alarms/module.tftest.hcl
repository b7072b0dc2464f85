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
    condition     = length(aws_cloudwatch_metric_alarm.database_cpu) == 0
    error_message = "No alarm without something to watch."
  }
}
