variable "identifier" {
  description = "Identifier of the primary; replicas add their key to it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,62}$", var.identifier))
    error_message = "An identifier has at most 63 of a-z, 0-9 and -, and starts with a letter."
  }
}

variable "environment" {
  description = "Environment that the database belongs to."
  type        = string
  nullable    = false
}

variable "engine" {
  description = "mysql or postgres."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["mysql", "postgres"], var.engine)
    error_message = "The engine is mysql or postgres."
  }
}

variable "engine_version" {
  description = "Version of the engine; RDS picks the last part of it when it is not given."
  type        = string
  nullable    = false
}

variable "instance_class" {
  description = "Instance class of the primary."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.instance_class, "db.")
    error_message = "An instance class starts with db."
  }
}

variable "allocated_storage_gib" {
  description = "Storage at first, in GiB."
  type        = number
  nullable    = false

  validation {
    condition     = var.allocated_storage_gib >= 20
    error_message = "RDS has no gp3 storage under 20 GiB."
  }
}

variable "max_allocated_storage_gib" {
  description = "Storage that the instance may grow to, in GiB."
  type        = number
  nullable    = false
}

variable "multi_az" {
  description = "Whether a standby waits in another zone."
  type        = bool
  nullable    = false
}

variable "backup_retention_days" {
  description = "Days that automatic backups are kept."
  type        = number
  nullable    = false

  validation {
    condition     = var.backup_retention_days >= 7 && var.backup_retention_days <= 35
    error_message = "Backups are kept for 7 to 35 days."
  }
}

variable "backup_window" {
  description = "Daily backup window in UTC; null lets RDS choose."
  type        = string
  default     = null
}

variable "parameter_family" {
  description = "Family of the parameter group, for example mysql8.0 or postgres17."
  type        = string
  nullable    = false
}

variable "parameters" {
  description = "Parameters by name. Static parameters need the apply method pending-reboot, or plans never settle."
  type = map(object({
    value        = string
    apply_method = optional(string, "immediate")
  }))
  nullable = false
}

variable "replicas" {
  description = "Read replicas by key."
  type = map(object({
    instance_class = string
  }))
  nullable = false
}

variable "subnet_group_name" {
  description = "Subnet group of the data tier."
  type        = string
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups of primary and replicas."
  type        = list(string)
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts storage, backups, insights and the master password."
  type        = string
  nullable    = false
}

variable "monitoring_role_arn" {
  description = "Role by which RDS writes enhanced monitoring."
  type        = string
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the logs that RDS exports."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that these logs are kept."
  type        = number
  default     = 365
  nullable    = false
}
