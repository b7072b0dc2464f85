module "ingress" {
  source   = "../../../modules/ingress"
  for_each = local.ingresses

  name              = each.value.name
  domain_name       = each.value.domain_name
  alternative_names = each.value.alternative_names
  redirect_http     = each.value.redirect_http

  target_group_arn   = data.terraform_remote_state.apps.outputs.target_group_arns[each.value.service]
  subnet_ids         = values(data.terraform_remote_state.network.outputs.public_subnet_ids)
  security_group_ids = [data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]
  log_kms_key_arn    = data.terraform_remote_state.network.outputs.log_kms_key_arn
}
