mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name               = "school-prod-web"
  domain_name        = "school.example.org"
  redirect_http      = true
  target_group_arn   = "arn:aws:elasticloadbalancing:ap-south-1:123456789012:targetgroup/web/1"
  subnet_ids         = ["subnet-a", "subnet-b"]
  security_group_ids = ["sg-web"]
  is_private         = false
  web_acl_arn        = "arn:aws:wafv2:ap-south-1:123456789012:regional/webacl/school/1"
}

run "users_get_https_behind_the_firewall" {
  command = plan

  assert {
    condition     = aws_lb_listener.https.protocol == "HTTPS" && aws_lb_listener.https.ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "Nothing older than TLS 1.2."
  }

  assert {
    condition     = aws_lb_listener.http[0].default_action[0].redirect[0].protocol == "HTTPS"
    error_message = "Plain HTTP is redirected."
  }

  assert {
    condition     = aws_wafv2_web_acl_association.this[0].web_acl_arn == var.web_acl_arn
    error_message = "A public load balancer stands behind the web firewall."
  }

  assert {
    condition     = aws_lb.this.enable_deletion_protection && aws_lb.this.drop_invalid_header_fields && one(aws_lb.this.access_logs).enabled
    error_message = "It is guarded, drops malformed headers, and writes its log."
  }
}

run "a_private_one_has_no_address_and_no_firewall_of_its_own" {
  command = plan

  variables {
    is_private    = true
    redirect_http = false
    web_acl_arn   = null
  }

  assert {
    condition     = aws_lb.this.internal && length(aws_wafv2_web_acl_association.this) == 0 && length(aws_lb_listener.http) == 0
    error_message = "The firewall stands before the distribution."
  }
}

run "a_public_one_without_a_firewall_is_refused" {
  command = plan

  variables {
    web_acl_arn = null
  }

  expect_failures = [var.web_acl_arn]
}

run "long_names_are_refused" {
  command = plan

  variables {
    name = "a-name-that-is-longer-than-load-balancers-may-have"
  }

  expect_failures = [var.name]
}

run "no_other_account_writes_logs" {
  override_data {
    target = data.aws_caller_identity.current
    values = {
      account_id = "123456789012"
    }
  }

  assert {
    condition     = alltrue([for resource in one([for statement in data.aws_iam_policy_document.logs.statement : statement.resources if statement.sid == "WrittenByLoadBalancers"]) : endswith(resource, "AWSLogs/123456789012/*")])
    error_message = "Load balancers of this account write, and only below its number."
  }
}
