variable "name" {
  description = "Name of the workspaces."
  type        = string
  nullable    = false
}

variable "rules" {
  description = "Alerting and recording rules, as Prometheus reads them."
  type        = string
  nullable    = false
}

variable "topic_arn" {
  description = "Topic that alerts go to."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the metrics."
  type        = string
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the workspace's log."
  type        = string
  nullable    = false
}

variable "writer_roles" {
  description = "Names of the roles whose servers write metrics, by service."
  type        = map(string)
  nullable    = false
}

variable "has_grafana" {
  description = "Whether Grafana is part of it; people come in through the identity centre."
  type        = bool
  nullable    = false
}
