locals {
  distributions = {
    # Stands before load balancer edtech-school-lb, which has no public address.
    # Source: cert-1, lb-1.
    school-lb = {
      ingress           = "school-lb"
      bucket            = null
      domain_name       = "school.example"
      alternative_names = ["*.school.example"]
    }

    # Replaces the delivery of school-media.objects.example under media.school.example.
    # Source: cdn-1.
    school-media = {
      ingress           = null
      bucket            = "school-media"
      domain_name       = "media.school.example"
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
  bucket        = each.value.bucket == null ? null : data.terraform_remote_state.data.outputs.buckets[each.value.bucket]
  origin_access = "control"

  web_acl_arn    = module.edge_firewall.arn
  log_bucket_arn = data.terraform_remote_state.security.outputs.log_bucket_arn
}
