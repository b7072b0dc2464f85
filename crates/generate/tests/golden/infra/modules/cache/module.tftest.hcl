mock_provider "aws" {}

variables {
  name               = "school-prod-sessions"
  environment        = "prod"
  engine             = "valkey"
  engine_version     = "8.0"
  parameter_family   = "valkey8"
  parameters         = { maxmemory-policy = "allkeys-lru" }
  node_type          = "cache.t4g.small"
  nodes              = 2
  subnet_ids         = ["subnet-a", "subnet-b"]
  security_group_ids = ["sg-a"]
  kms_key_arn        = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "two_nodes_take_over_for_each_other" {
  command = plan

  assert {
    condition     = aws_elasticache_replication_group.this.automatic_failover_enabled && aws_elasticache_replication_group.this.multi_az_enabled
    error_message = "Two nodes stand in two zones."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_mode == "required"
    error_message = "No connection without TLS."
  }
}

run "one_node_has_nobody_to_take_over" {
  command = plan

  variables {
    nodes = 1
  }

  assert {
    condition     = !aws_elasticache_replication_group.this.automatic_failover_enabled
    error_message = "AWS refuses failover with one node."
  }
}

run "other_engines_are_refused" {
  command = plan

  variables {
    engine = "memcached"
  }

  expect_failures = [var.engine]
}
