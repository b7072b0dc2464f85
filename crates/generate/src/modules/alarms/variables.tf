variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts notices on their way."
  type        = string
  nullable    = false
}

variable "emails" {
  description = "Who is told. Each address confirms once by a mail from AWS."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "databases" {
  description = "Identifiers of databases, replicas among them, with the storage in GiB that they start with."
  type        = map(number)
  nullable    = false
}

variable "replicas" {
  description = "Identifiers of read replicas."
  type        = list(string)
  nullable    = false
}

variable "services" {
  description = "Auto Scaling groups by service: name and the least number of servers."
  type = map(object({
    group    = string
    min_size = number
  }))
  nullable = false
}

variable "clusters" {
  description = "Names of clusters."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "load_balancers" {
  description = "Load balancers by key: the ends of the ARNs of load balancer and target group."
  type = map(object({
    load_balancer = string
    target_group  = string
  }))
  nullable = false
}

variable "audit_log_group" {
  description = "Log group that the audit trail is written to; null where the trail of an organization is looked at elsewhere."
  type        = string
  default     = null
}
