variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "engine_version" {
  description = "Version of OpenSearch."
  type        = string
  default     = "OpenSearch_2.19"
  nullable    = false

  validation {
    condition     = startswith(var.engine_version, "OpenSearch_")
    error_message = "The version looks like OpenSearch_2.19."
  }
}

variable "instance_type" {
  description = "Type of the nodes that hold logs, one in each zone."
  type        = string
  default     = "r7g.large.search"
  nullable    = false
}

variable "master_type" {
  description = "Type of the three nodes that govern the others."
  type        = string
  default     = "m7g.medium.search"
  nullable    = false
}

variable "volume_gib" {
  description = "Disk of each node that holds logs, in GiB."
  type        = number
  default     = 100
  nullable    = false
}

variable "makes_service_role" {
  description = "Whether the service's role of the account is made here; false where the account had a domain before."
  type        = bool
  default     = true
  nullable    = false
}

variable "vpc_id" {
  description = "Network of the domain."
  type        = string
  nullable    = false
}

variable "domain_subnet_ids" {
  description = "Private subnets of the domain, in two or three zones."
  type        = list(string)
  nullable    = false

  validation {
    condition     = contains([2, 3], length(var.domain_subnet_ids))
    error_message = "A domain lives in two or three zones."
  }
}

variable "delivery_subnet_ids" {
  description = "Private subnets that logs are delivered from."
  type        = list(string)
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts logs in the domain and on their way."
  type        = string
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the domain's own log group."
  type        = string
  nullable    = false
}

variable "log_bucket_arn" {
  description = "Bucket that keeps every line as well."
  type        = string
  nullable    = false
}

variable "writer_roles" {
  description = "Names of the roles that agents write logs under, by a stable key."
  type        = map(string)
  nullable    = false
}
