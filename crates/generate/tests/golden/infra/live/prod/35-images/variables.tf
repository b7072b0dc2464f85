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

variable "releases" {
  description = "Where the application of each service comes from: the https address of its repository, a commit or tag, the folder, and the secret with a token for it."
  type = map(object({
    repository        = string
    revision          = string
    folder            = string
    credential_secret = optional(string)
  }))
  default  = {}
  nullable = false
}

variable "runtimes" {
  description = "What another version of a language than at the source does to an image: strict fails it, report only says so."
  type        = string
  default     = "strict"
  nullable    = false
}

variable "schedules_run" {
  description = "Whether scheduled work runs on servers of these images: only when the source's has stopped."
  type        = bool
  default     = false
  nullable    = false
}

variable "further_component_arns" {
  description = "Components of your own by service, for example of languages outside packages."
  type        = map(list(string))
  default     = {}
  nullable    = false
}
