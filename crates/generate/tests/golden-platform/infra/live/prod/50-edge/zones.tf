locals {
  zones = {
    # The names that the platform serves; every other record of the zone must be added from its
    # present DNS host before the registrar names this zone's servers.
    # Source: 04d77913-54ff-4328-ab6e-a66a2975e8f5, 48915fce-41de-459a-87c6-561960297789,
    # b36236d5-cddb-4194-96f4-7eba01f37cce, c4f5e7fb-a822-4024-aa00-808dbf3ace50.
    pathlearn-example = {
      name    = "pathlearn.example"
      records = {}
      switched = {
        # As the platform wants it.
        # Source: 48915fce-41de-459a-87c6-561960297789.
        app-cname = {
          name               = "app.pathlearn.example"
          type               = "CNAME"
          ttl                = 60
          values             = ["app-pathlearn-example.778e9b1b2c0abc6447c9.herokudns.com."]
          target_domain_name = module.cdn["courseware-production"].domain_name
          target_zone_id     = module.cdn["courseware-production"].hosted_zone_id
        }

        # As the platform wants it.
        # Source: b36236d5-cddb-4194-96f4-7eba01f37cce.
        learn-cname = {
          name               = "*.learn.pathlearn.example"
          type               = "CNAME"
          ttl                = 60
          values             = ["wildcard-learn-pathlearn-example.f10dd67edd9f96ff0caf.herokudns.com."]
          target_domain_name = module.cdn["courseware-production"].domain_name
          target_zone_id     = module.cdn["courseware-production"].hosted_zone_id
        }

        # As the platform wants it.
        # Source: 04d77913-54ff-4328-ab6e-a66a2975e8f5.
        staging-cname = {
          name               = "staging.pathlearn.example"
          type               = "CNAME"
          ttl                = 60
          values             = ["staging-pathlearn-example.1bed9dcbab1e08119576.herokudns.com."]
          target_domain_name = module.cdn["courseware-staging"].domain_name
          target_zone_id     = module.cdn["courseware-staging"].hosted_zone_id
        }

        # As the platform wants it.
        # Source: c4f5e7fb-a822-4024-aa00-808dbf3ace50.
        www-cname = {
          name               = "www.pathlearn.example"
          type               = "CNAME"
          ttl                = 60
          values             = ["www-pathlearn-example.e473a5f5c80e7c512f66.herokudns.com."]
          target_domain_name = module.cdn["courseware-production"].domain_name
          target_zone_id     = module.cdn["courseware-production"].hosted_zone_id
        }
      }
      proofs = {
        "app.pathlearn.example" = {
          records = module.ingress["courseware-production"].certificate_validation_records
          name    = "app.pathlearn.example"
        }
        "learn.pathlearn.example" = {
          records = module.ingress["courseware-production"].certificate_validation_records
          name    = "*.learn.pathlearn.example"
        }
        "staging.pathlearn.example" = {
          records = module.ingress["courseware-staging"].certificate_validation_records
          name    = "staging.pathlearn.example"
        }
        "www.pathlearn.example" = {
          records = module.ingress["courseware-production"].certificate_validation_records
          name    = "www.pathlearn.example"
        }
      }
    }
  }
}

module "zone" {
  source   = "../../../modules/dns-zone"
  for_each = local.zones

  domain_name = each.value.name
  records     = each.value.records
  switched    = each.value.switched
  proofs      = { for proven, own in each.value.proofs : proven => own.records[own.name] }
}
