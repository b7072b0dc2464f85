locals {
  distributions = {
    # Stands before load balancer lms-courseware-production, which has no public address.
    # Source: 48915fce-41de-459a-87c6-561960297789, 4d4054d0-0ebf-4f62-b2dc-704fc433270e,
    # 5a8e04d5-0115-4496-8cd5-1654b3ba26c4, 649c6d0f-decb-4318-848e-67d4fa757fd8,
    # b36236d5-cddb-4194-96f4-7eba01f37cce, c4f5e7fb-a822-4024-aa00-808dbf3ace50.
    courseware-production = {
      ingress           = "courseware-production"
      bucket            = null
      domain_name       = "app.pathlearn.example"
      alternative_names = ["www.pathlearn.example", "*.learn.pathlearn.example"]
    }

    # Stands before load balancer lms-courseware-staging, which has no public address.
    # Source: 04d77913-54ff-4328-ab6e-a66a2975e8f5, ca29dddd-f453-408e-b507-528a38a3ae01.
    courseware-staging = {
      ingress           = "courseware-staging"
      bucket            = null
      domain_name       = "staging.pathlearn.example"
      alternative_names = []
    }
  }
}

module "cdn" {
  source   = "../../../modules/cdn"
  for_each = local.distributions

  name              = "${local.name}-${each.key}"
  domain_name       = each.value.domain_name
  alternative_names = each.value.alternative_names

  load_balancer = each.value.ingress == null ? null : module.ingress[each.value.ingress]
  bucket        = null
  origin_access = "control"

  web_acl_arn    = module.edge_firewall.arn
  log_bucket_arn = data.terraform_remote_state.security.outputs.log_bucket_arn
}
