mock_provider "aws" {}

variables {
  name                   = "school-prod-web"
  vpc_id                 = "vpc-1"
  port                   = 8080
  health_path            = "/healthz"
  healthy_codes          = "200-399"
  deregistration_seconds = 30
  sticky                 = false
}

run "requests_reach_pods_and_not_nodes" {
  command = plan

  assert {
    condition     = aws_lb_target_group.this.target_type == "ip" && aws_lb_target_group.this.port == 8080
    error_message = "Pods are targets by their own addresses."
  }

  assert {
    condition     = one(aws_lb_target_group.this.health_check).path == "/healthz" && one(aws_lb_target_group.this.health_check).matcher == "200-399"
    error_message = "A pod is well when it says so."
  }

  assert {
    condition     = tonumber(aws_lb_target_group.this.deregistration_delay) == 30
    error_message = "Requests get their time to end."
  }
}

run "a_path_without_a_slash_is_refused" {
  command = plan

  variables {
    health_path = "healthz"
  }

  expect_failures = [var.health_path]
}
