locals {
  ingresses = {
    # Replaces load balancer school-lb; HTTPS ends here with a certificate for the same names.
    # Source: cert-1, lb-1.
    school-lb = {
      name              = "edtech-school-lb"
      service           = "school-web"
      domain_name       = "school.example"
      alternative_names = ["*.school.example"]
      is_private        = true
      redirect_http     = true
      security_group    = "alb-school-lb"
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
}
