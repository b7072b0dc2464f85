variable "project" {
  description = "Short name of the application, the first part of every name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}$", var.project))
    error_message = "The project has at most 24 of a-z, 0-9 and -, and starts with a letter."
  }
}

variable "environment" {
  description = "Name of the environment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,23}$", var.environment))
    error_message = "The environment has at most 24 of a-z, 0-9 and -, and starts with a letter."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "A region looks like ap-south-1."
  }
}

variable "additional_tags" {
  description = "Further tags of every resource, for example CostCentre."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "state_users" {
  description = "ARNs of roles of other accounts that read and write states, such as that of the build machine."
  type        = list(string)
  default     = []
  nullable    = false
}
