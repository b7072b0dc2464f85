resource "aws_elasticache_subnet_group" "this" {
  name        = var.name
  description = "Data tier for ${var.name}"
  subnet_ids  = var.subnet_ids
}

# Another engine means another family: the new group stands before the old one goes.
resource "aws_elasticache_parameter_group" "this" {
  name        = "${var.name}-${replace(var.parameter_family, ".", "-")}"
  family      = var.parameter_family
  description = "Parameters of ${var.name}"

  dynamic "parameter" {
    for_each = var.parameters

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_elasticache_replication_group" "this" {
  #checkov:skip=CKV_AWS_31:Who may connect is decided by security groups; a token would stand in the state, and users can be added without downtime
  #checkov:skip=CKV2_AWS_50:A second node is a decision for each cache
  replication_group_id = var.name
  description          = "Cache ${var.name}"
  engine               = var.engine
  engine_version       = var.engine_version
  parameter_group_name = aws_elasticache_parameter_group.this.name
  node_type            = var.node_type

  num_cache_clusters         = var.nodes
  automatic_failover_enabled = var.nodes > 1
  multi_az_enabled           = var.nodes > 1

  subnet_group_name  = aws_elasticache_subnet_group.this.name
  security_group_ids = var.security_group_ids

  at_rest_encryption_enabled = true
  kms_key_id                 = var.kms_key_arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"

  snapshot_retention_limit   = var.snapshot_days
  final_snapshot_identifier  = "${var.name}-final"
  auto_minor_version_upgrade = true
  apply_immediately          = false

  tags = {
    Name        = var.name
    Environment = var.environment
  }
}
