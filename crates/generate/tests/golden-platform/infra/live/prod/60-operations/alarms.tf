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
  services  = {}
  load_balancers = {
    # Takes the place of the platform's router for courseware-production; HTTPS ends here with a
    # certificate for the same names.
    # Source: 48915fce-41de-459a-87c6-561960297789, 4d4054d0-0ebf-4f62-b2dc-704fc433270e,
    # 5a8e04d5-0115-4496-8cd5-1654b3ba26c4, 649c6d0f-decb-4318-848e-67d4fa757fd8,
    # b36236d5-cddb-4194-96f4-7eba01f37cce, c4f5e7fb-a822-4024-aa00-808dbf3ace50.
    courseware-production = {
      load_balancer = data.terraform_remote_state.edge.outputs.arn_suffixes["courseware-production"]
      target_group  = data.terraform_remote_state.apps.outputs.target_group_arn_suffixes["courseware-production-web"]
    }

    # Takes the place of the platform's router for courseware-staging; HTTPS ends here with a
    # certificate for the same names.
    # Source: 04d77913-54ff-4328-ab6e-a66a2975e8f5, ca29dddd-f453-408e-b507-528a38a3ae01.
    courseware-staging = {
      load_balancer = data.terraform_remote_state.edge.outputs.arn_suffixes["courseware-staging"]
      target_group  = data.terraform_remote_state.apps.outputs.target_group_arn_suffixes["courseware-staging-web"]
    }
  }
  clusters        = [data.terraform_remote_state.platform.outputs.cluster_name]
  audit_log_group = data.terraform_remote_state.security.outputs.audit_log_group
}
