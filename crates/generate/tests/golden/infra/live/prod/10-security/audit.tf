module "log_bucket" {
  source = "../../../modules/log-bucket"

  name_prefix = "${substr(local.name, 0, 30)}-logs-"
}

module "audit_trail" {
  source = "../../../modules/audit-trail"

  name      = local.name
  lock_mode = "GOVERNANCE"
  lock_days = 90

  log_kms_key_arn = data.terraform_remote_state.network.outputs.log_kms_key_arn
  log_bucket      = module.log_bucket.name
}
