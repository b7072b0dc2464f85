variable "name" {
  description = "Identifier of the replication group."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,39}$", var.name)) && !strcontains(var.name, "--")
    error_message = "An identifier has at most 40 of a-z, 0-9 and single -, and starts with a letter."
  }
}

variable "environment" {
  description = "Environment that the cache belongs to."
  type        = string
  nullable    = false
}

variable "engine" {
  description = "valkey or redis."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["redis", "valkey"], var.engine)
    error_message = "The engine is valkey or redis."
  }
}

variable "engine_version" {
  description = "Version of the engine."
  type        = string
  nullable    = false
}

variable "parameter_family" {
  description = "Family of the parameter group, for example valkey8."
  type        = string
  nullable    = false
}

variable "parameters" {
  description = "Parameters by name."
  type        = map(string)
  nullable    = false
}

variable "node_type" {
  description = "Type of the nodes."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.node_type, "cache.")
    error_message = "A node type starts with cache."
  }
}

variable "nodes" {
  description = "Nodes, the primary among them. Two or more stand in different zones, and one takes over."
  type        = number
  nullable    = false
}

variable "snapshot_days" {
  description = "Days that snapshots are kept."
  type        = number
  default     = 7
  nullable    = false
}

variable "subnet_ids" {
  description = "Subnets of the data tier."
  type        = list(string)
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups of the nodes."
  type        = list(string)
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts data at rest."
  type        = string
  nullable    = false
}
