# Notices are encrypted under a key that CloudWatch may use: with the service's own key they would
# be lost.
module "notice_key" {
  source = "../../../modules/encryption-key"

  name        = "${local.name}-notices"
  description = "Notices of ${local.name}"
  publishers  = ["aps", "budgets", "cloudwatch", "events.rds"]
}

module "alarms" {
  source = "../../../modules/alarms"

  name        = local.name
  kms_key_arn = module.notice_key.arn
  emails      = var.alarm_emails

  databases = merge(data.terraform_remote_state.data.outputs.database_storage_gib, data.terraform_remote_state.data.outputs.replica_storage_gib)
  replicas  = keys(data.terraform_remote_state.data.outputs.replica_storage_gib)
  services = {
    school-cron = {
      group    = data.terraform_remote_state.apps.outputs.autoscaling_group_names["school-cron"]
      min_size = 1
    }
    school-staging = {
      group    = data.terraform_remote_state.apps.outputs.autoscaling_group_names["school-staging"]
      min_size = 1
    }
    school-web = {
      group    = data.terraform_remote_state.apps.outputs.autoscaling_group_names["school-web"]
      min_size = 2
    }
  }
  load_balancers = {
    # Replaces load balancer school-lb; HTTPS ends here with a certificate for the same names.
    # Source: cert-1, lb-1.
    school-lb = {
      load_balancer = data.terraform_remote_state.edge.outputs.arn_suffixes["school-lb"]
      target_group  = data.terraform_remote_state.apps.outputs.target_group_arn_suffixes["school-web"]
    }
  }
  audit_log_group = data.terraform_remote_state.security.outputs.audit_log_group
}
