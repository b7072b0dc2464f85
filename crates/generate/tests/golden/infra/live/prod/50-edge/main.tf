# What belongs to CloudFront lives in us-east-1, the key of its firewall's log too.
module "edge_key" {
  source = "../../../modules/encryption-key"

  name          = "${local.name}-edge-logs"
  description   = "Logs of the edge of ${local.name}"
  region        = "us-east-1"
  encrypts_logs = true
}

module "edge_firewall" {
  source = "../../../modules/web-firewall"

  name   = "${local.name}-edge"
  scope  = "CLOUDFRONT"
  region = "us-east-1"

  requests_per_five_minutes = 2000
  sign_ins_per_five_minutes = 100
  managed_rules_block       = false

  log_kms_key_arn = module.edge_key.arn
}
