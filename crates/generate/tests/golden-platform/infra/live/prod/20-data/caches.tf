locals {
  caches = {
    # Replaces heroku-redis-dimensional-60155 (redis 7.2.4); its content is filled anew unless it is
    # moved on purpose.
    # Source: heroku-redis-dimensional-60155.
    # Engine: Valkey speaks the same protocol, stays open source and costs less for the same node.
    # Type: The nearest memory to the plan premium-3 (500 MB); right-size from measured use later.
    # Settings of the source that are no parameter here:
    # - Persistence = AOF: ElastiCache keeps no log of writes: a standby takes over, and what was
    # not copied to it yet is lost. If a queue must survive that, decide for MemoryDB
    courseware-production-cache = {
      name             = "lms-prod-courseware-production-cache"
      environment      = "prod"
      engine           = "valkey"
      engine_version   = "8.0"
      parameter_family = "valkey8"
      parameters = {
        maxmemory-policy = "noeviction"
        timeout          = "300"
      }
      node_type      = "cache.t4g.micro"
      nodes          = 2
      security_group = "cache-courseware-production-cache"
    }

    # Replaces heroku-redis-cubed-60152 (redis 7.2.4); its content is filled anew unless it is moved
    # on purpose.
    # Source: heroku-redis-cubed-60152.
    # Engine: Valkey speaks the same protocol, stays open source and costs less for the same node.
    # Type: The nearest memory to the plan premium-5 (5 GB); right-size from measured use later.
    # Settings of the source that are no parameter here:
    # - Persistence = AOF: ElastiCache keeps no log of writes: a standby takes over, and what was
    # not copied to it yet is lost. If a queue must survive that, decide for MemoryDB
    courseware-production-redis = {
      name             = "lms-prod-courseware-production-redis"
      environment      = "prod"
      engine           = "valkey"
      engine_version   = "8.0"
      parameter_family = "valkey8"
      parameters = {
        maxmemory-policy = "noeviction"
        timeout          = "300"
      }
      node_type      = "cache.m6g.large"
      nodes          = 2
      security_group = "cache-courseware-production-redis"
    }

    # Replaces heroku-redis-dimensional-59293 (redis 7.2.4); its content is filled anew unless it is
    # moved on purpose.
    # Source: heroku-redis-dimensional-59293.
    # Engine: Valkey speaks the same protocol, stays open source and costs less for the same node.
    # Type: The nearest memory to the plan premium-1 (100 MB); right-size from measured use later.
    # Settings of the source that are no parameter here:
    # - Persistence = AOF: ElastiCache keeps no log of writes: a standby takes over, and what was
    # not copied to it yet is lost. If a queue must survive that, decide for MemoryDB
    courseware-staging-redis = {
      name             = "lms-prod-courseware-staging-redis"
      environment      = "staging"
      engine           = "valkey"
      engine_version   = "8.0"
      parameter_family = "valkey8"
      parameters = {
        maxmemory-policy = "noeviction"
        timeout          = "300"
      }
      node_type      = "cache.t4g.micro"
      nodes          = 2
      security_group = "cache-courseware-staging-redis"
    }
  }
}

module "cache" {
  source   = "../../../modules/cache"
  for_each = local.caches

  name             = each.value.name
  environment      = each.value.environment
  engine           = each.value.engine
  engine_version   = each.value.engine_version
  parameter_family = each.value.parameter_family
  parameters       = each.value.parameters
  node_type        = each.value.node_type
  nodes            = each.value.nodes

  subnet_ids         = values(data.terraform_remote_state.network.outputs.data_subnet_ids)
  security_group_ids = [data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]
  kms_key_arn        = data.terraform_remote_state.security.outputs.kms_key_arns["data"]
}
