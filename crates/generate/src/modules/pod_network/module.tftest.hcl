mock_provider "aws" {}

variables {
  name            = "school-prod"
  vpc_id          = "vpc-1"
  cidr_block      = "100.64.0.0/16"
  zones           = { a = "use1-az1", b = "use1-az2" }
  subnets         = { a = "100.64.0.0/18", b = "100.64.64.0/18" }
  route_table_ids = { a = "rtb-a", b = "rtb-b" }
}

run "pods_go_out_where_their_nodes_do" {
  assert {
    condition     = aws_subnet.this["b"].availability_zone_id == "use1-az2" && aws_subnet.this["b"].cidr_block == "100.64.64.0/18"
    error_message = "A block stands in the zone of its slot, named by id."
  }

  assert {
    condition     = { for zone, own in aws_route_table_association.this : zone => own.route_table_id } == { a = "rtb-a", b = "rtb-b" }
    error_message = "Each zone has its own way out."
  }

  assert {
    condition     = keys(output.subnets) == ["a", "b"]
    error_message = "Whoever sets the cluster up finds the subnets by zone."
  }
}

run "blocks_that_others_have_are_refused" {
  command = plan

  variables {
    cidr_block = "10.9.0.0/16"
  }

  expect_failures = [var.cidr_block]
}

run "a_zone_without_a_way_out_is_refused" {
  command = plan

  variables {
    route_table_ids = { a = "rtb-a" }
  }

  expect_failures = [var.subnets]
}
