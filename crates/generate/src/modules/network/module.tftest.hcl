mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name            = "school-prod"
  cidr_block      = "10.2.0.0/18"
  zones           = { a = "aps1-az1", b = "aps1-az2" }
  public_subnets  = { a = "10.2.0.0/24", b = "10.2.1.0/24" }
  app_subnets     = { a = "10.2.16.0/22", b = "10.2.20.0/22" }
  data_subnets    = { a = "10.2.32.0/24", b = "10.2.33.0/24" }
  nat_zones       = { a = "a", b = "b" }
  log_kms_key_arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "only_the_public_tier_faces_the_internet" {
  command = plan

  assert {
    condition     = aws_route.public_internet.destination_cidr_block == "0.0.0.0/0" && keys(aws_route.app_nat) == ["a", "b"]
    error_message = "The public tier goes out by the internet gateway, the application tier by NAT."
  }

  assert {
    condition     = alltrue([for subnet in merge(aws_subnet.public, aws_subnet.app, aws_subnet.data) : subnet.map_public_ip_on_launch != true])
    error_message = "No subnet hands out public addresses."
  }

  assert {
    condition     = aws_subnet.data["b"].availability_zone_id == "aps1-az2" && aws_subnet.data["b"].cidr_block == "10.2.33.0/24"
    error_message = "A block stands in the zone of its slot, named by id."
  }
}

run "all_traffic_is_logged" {
  command = plan

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow_logs.kms_key_id == var.log_kms_key_arn
    error_message = "Refused and accepted traffic is logged, under the key for logs."
  }
}

run "one_gateway_can_serve_every_zone" {
  command = plan

  variables {
    nat_zones = { a = "a", b = "a" }
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["a"]
    error_message = "One gateway was asked for."
  }
}

run "one_zone_is_refused" {
  command = plan

  variables {
    zones          = { a = "aps1-az1" }
    public_subnets = { a = "10.2.0.0/24" }
    app_subnets    = { a = "10.2.16.0/22" }
    data_subnets   = { a = "10.2.32.0/24" }
    nat_zones      = { a = "a" }
  }

  expect_failures = [var.zones]
}
