module "security_groups" {
  source = "../../../modules/security-groups"

  name          = local.name
  vpc_id        = data.terraform_remote_state.network.outputs.vpc_id
  groups        = local.groups
  ingress_rules = local.ingress_rules
  egress_rules  = local.egress_rules
}
