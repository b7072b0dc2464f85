locals {
  caches = {
    # Replaces school-sessions (redis 7); its content is filled anew unless it is moved on purpose.
    # Source: cache-1.
    # Engine: Valkey speaks the same protocol, stays open source and costs less for the same node.
    # Type: The same memory as db-s-1vcpu-2gb (2 GiB); right-size from measured use later.
    # Settings of the source that are no parameter here:
    # - redis_ssl = true: no parameter of that meaning is known to this build; decide by hand
    school-sessions = {
      name             = "edtech-prod-school-sessions"
      environment      = "prod"
      engine           = "valkey"
      engine_version   = "8.0"
      parameter_family = "valkey8"
      parameters = {
        maxmemory-policy = "allkeys-lru"
      }
      node_type      = "cache.t4g.medium"
      nodes          = 2
      security_group = "cache-school-sessions"
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
