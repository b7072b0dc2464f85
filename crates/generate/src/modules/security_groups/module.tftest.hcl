mock_provider "aws" {}

variables {
  name   = "school-prod"
  vpc_id = "vpc-1"
  groups = { web = "Load balancer", app = "Servers" }

  ingress_rules = {
    web-https = { group = "web", description = "Users", ip_protocol = "tcp", from_port = 443, to_port = 443, cidr_ipv4 = "0.0.0.0/0" }
    app-web   = { group = "app", description = "Load balancer", ip_protocol = "tcp", from_port = 3000, to_port = 3000, peer_group = "web" }
  }
  egress_rules = {
    web-app = { group = "web", description = "Servers", ip_protocol = "tcp", from_port = 3000, to_port = 3000, peer_group = "app" }
  }
}

run "rules_name_groups_not_addresses" {
  assert {
    condition     = aws_vpc_security_group_ingress_rule.this["app-web"].referenced_security_group_id == aws_security_group.this["web"].id && aws_vpc_security_group_ingress_rule.this["app-web"].cidr_ipv4 == null
    error_message = "The servers let the load balancer in, and no address."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.this["web-app"].security_group_id == aws_security_group.this["web"].id
    error_message = "The load balancer reaches the servers."
  }

  assert {
    condition     = [for key, rule in aws_vpc_security_group_ingress_rule.this : key if rule.cidr_ipv4 == "0.0.0.0/0"] == ["web-https"]
    error_message = "Nothing is open to everybody but what was asked."
  }
}

run "a_rule_without_a_peer_is_refused" {
  command = plan

  variables {
    ingress_rules = {
      web-https = { group = "web", description = "Nobody", ip_protocol = "tcp", from_port = 443, to_port = 443 }
    }
  }

  expect_failures = [var.ingress_rules]
}

run "a_rule_with_two_peers_is_refused" {
  command = plan

  variables {
    egress_rules = {
      web-app = { group = "web", description = "Two", ip_protocol = "tcp", from_port = 443, to_port = 443, peer_group = "app", cidr_ipv4 = "10.0.0.0/8" }
    }
  }

  expect_failures = [var.egress_rules]
}
