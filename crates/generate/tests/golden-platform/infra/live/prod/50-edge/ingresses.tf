locals {
  ingresses = {
    # Takes the place of the platform's router for courseware-production; HTTPS ends here with a
    # certificate for the same names.
    # Source: 48915fce-41de-459a-87c6-561960297789, 4d4054d0-0ebf-4f62-b2dc-704fc433270e,
    # 5a8e04d5-0115-4496-8cd5-1654b3ba26c4, 649c6d0f-decb-4318-848e-67d4fa757fd8,
    # b36236d5-cddb-4194-96f4-7eba01f37cce, c4f5e7fb-a822-4024-aa00-808dbf3ace50.
    courseware-production = {
      name                 = "lms-courseware-production"
      service              = "courseware-production-web"
      domain_name          = "app.pathlearn.example"
      alternative_names    = ["www.pathlearn.example", "*.learn.pathlearn.example"]
      is_private           = true
      redirect_http        = true
      security_group       = "alb-courseware-production"
      idle_timeout_seconds = 55
    }

    # Takes the place of the platform's router for courseware-staging; HTTPS ends here with a
    # certificate for the same names.
    # Source: 04d77913-54ff-4328-ab6e-a66a2975e8f5, ca29dddd-f453-408e-b507-528a38a3ae01.
    courseware-staging = {
      name                 = "lms-courseware-staging"
      service              = "courseware-staging-web"
      domain_name          = "staging.pathlearn.example"
      alternative_names    = []
      is_private           = true
      redirect_http        = true
      security_group       = "alb-courseware-staging"
      idle_timeout_seconds = 55
    }
  }
}

module "ingress" {
  source   = "../../../modules/ingress"
  for_each = local.ingresses

  name              = each.value.name
  domain_name       = each.value.domain_name
  alternative_names = each.value.alternative_names
  is_private        = each.value.is_private
  redirect_http     = each.value.redirect_http

  target_group_arn   = data.terraform_remote_state.apps.outputs.target_group_arns[each.value.service]
  subnet_ids         = values(each.value.is_private ? data.terraform_remote_state.network.outputs.app_subnet_ids : data.terraform_remote_state.network.outputs.public_subnet_ids)
  security_group_ids = [data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]
  web_acl_arn        = null

  idle_timeout_seconds = each.value.idle_timeout_seconds
}
