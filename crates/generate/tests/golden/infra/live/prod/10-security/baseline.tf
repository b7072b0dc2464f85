module "security_baseline" {
  source = "../../../modules/security-baseline"

  name                 = local.name
  record_configuration = true
  log_bucket           = module.log_bucket.name
}
