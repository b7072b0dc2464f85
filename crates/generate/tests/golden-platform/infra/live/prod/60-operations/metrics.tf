module "metrics_agent" {
  source = "../../../modules/pod-identity"

  name            = "${local.name}-metrics-agent"
  cluster_name    = data.terraform_remote_state.platform.outputs.cluster_name
  namespace       = "monitoring"
  service_account = "prometheus-agent"
}

module "metrics_key" {
  source = "../../../modules/encryption-key"

  name         = "${local.name}-metrics"
  description  = "Metrics of ${local.name}"
  used_through = ["aps"]
}

module "metrics" {
  source = "../../../modules/metrics"

  name = local.name

  # Rules stand beside their tests, and are read from there.
  rules = file("${path.module}/../../../../monitoring/prometheus/rules.yml")

  # People come into Grafana through the identity centre.
  has_grafana = true

  topic_arn       = module.alarms.topic_arn
  writer_roles    = { agent = module.metrics_agent.role_name }
  kms_key_arn     = module.metrics_key.arn
  log_kms_key_arn = data.terraform_remote_state.network.outputs.log_kms_key_arn
}
