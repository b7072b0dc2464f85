locals {
  target_groups = {
    # 6 x web of size Performance-M at the source.
    # Source: 0a2d5b2e-6074-4316-acdb-576e2ec55385.
    # Health: The source knows no health check: it asks whether the port is open. Name a path that
    # is cheap and true.
    courseware-production-web = {
      port                   = 8080
      health_path            = "/"
      healthy_codes          = "200-399"
      deregistration_seconds = 20
      sticky                 = false
    }

    # 2 x web of size Standard-2X at the source.
    # Source: ed844488-2373-4c5a-aaa4-fc99b8c7686f.
    # Health: The source knows no health check: it asks whether the port is open. Name a path that
    # is cheap and true.
    courseware-staging-web = {
      port                   = 8080
      health_path            = "/"
      healthy_codes          = "200-399"
      deregistration_seconds = 20
      sticky                 = false
    }
  }
}

module "target_group" {
  source   = "../../../modules/target-group"
  for_each = local.target_groups

  name                   = "${local.name}-${each.key}"
  vpc_id                 = data.terraform_remote_state.network.outputs.vpc_id
  port                   = each.value.port
  health_path            = each.value.health_path
  healthy_codes          = each.value.healthy_codes
  deregistration_seconds = each.value.deregistration_seconds
  sticky                 = each.value.sticky
}
