locals {
  zones = {
    # The same records as at the present DNS host; it answers once the registrar names its name
    # servers.
    # Source: school.example.
    school-example = {
      name = "school.example"
      records = {
        # As at the source, and Amazon's authority besides: without it no certificate is issued. Add
        # it at the present DNS host before the first apply.
        # Source: record-6.
        apex-caa = {
          name   = "school.example"
          type   = "CAA"
          ttl    = 300
          values = ["0 issue \"amazon.com\"", "0 issue \"letsencrypt.org\""]
        }

        # As at the source.
        # Source: record-5.
        apex-mx = {
          name   = "school.example"
          type   = "MX"
          ttl    = 300
          values = ["1 mail.example."]
        }

        # As at the source.
        # Source: record-7.
        blog-a = {
          name   = "blog.school.example"
          type   = "A"
          ttl    = 300
          values = ["203.0.113.18"]
        }

        # As at the source.
        # Source: record-3.
        www-cname = {
          name   = "www.school.example"
          type   = "CNAME"
          ttl    = 300
          values = ["school.example."]
        }
      }
      switched = {
        # As at the source.
        # Source: record-2.
        apex-a = {
          name               = "school.example"
          type               = "A"
          ttl                = 60
          values             = ["203.0.113.250"]
          target_domain_name = module.cdn["school-lb"].domain_name
          target_zone_id     = module.cdn["school-lb"].hosted_zone_id
        }

        # As at the source.
        # Source: record-4.
        media-cname = {
          name               = "media.school.example"
          type               = "CNAME"
          ttl                = 60
          values             = ["school-media.cdn.example."]
          target_domain_name = module.cdn["school-media"].domain_name
          target_zone_id     = module.cdn["school-media"].hosted_zone_id
        }
      }
      proofs = {
        "media.school.example" = {
          records = module.cdn["school-media"].certificate_validation_records
          name    = "media.school.example"
        }
        "school.example" = {
          records = module.ingress["school-lb"].certificate_validation_records
          name    = "school.example"
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
