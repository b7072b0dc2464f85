variable "name" {
  description = "Name of the service whose image this makes."
  type        = string
  nullable    = false
}

variable "documents" {
  description = "Documents of its components by key; they run in the order of their keys."
  type        = map(string)
  nullable    = false
}

variable "parent_image_parameter" {
  description = "Public Systems Manager parameter of the image to begin with."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.parent_image_parameter, "/aws/service/")
    error_message = "Image Builder's own role reads parameters under /aws/service/."
  }
}

variable "supported_os_versions" {
  description = "Systems that the documents are for, as Image Builder names them; null for any."
  type        = set(string)
  default     = null
}

variable "root_device" {
  description = "Name that the image gives its root disk."
  type        = string
  nullable    = false
}

variable "root_disk_gib" {
  description = "Root disk in GiB."
  type        = number
  nullable    = false
}

variable "release" {
  description = "Where the application comes from: its repository, or none; a commit or tag; the folder; a secret with a token, or null."
  type = object({
    repository        = string
    revision          = string
    folder            = string
    credential_secret = optional(string)
  })
  default = {
    repository = "none"
    revision   = "none"
    folder     = "none"
  }
  nullable = false

  validation {
    condition     = var.release.repository == "none" || can(regex("^https://[A-Za-z0-9._~:/-]+$", var.release.repository))
    error_message = "The repository is an https address without an account or a token in it, or none."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.release.revision)) && can(regex("^(none|/[A-Za-z0-9._/-]+)$", var.release.folder))
    error_message = "The revision is a commit or tag, the folder a path."
  }

  validation {
    condition     = var.release.credential_secret == null || can(regex("^[A-Za-z0-9/_+=.@-]+$", var.release.credential_secret))
    error_message = "The secret is named by its name, not its ARN, and its value never stands here."
  }
}

variable "runtimes" {
  description = "What another version of a language than at the source does: strict fails the image, report only says so."
  type        = string
  default     = "strict"
  nullable    = false

  validation {
    condition     = contains(["strict", "report"], var.runtimes)
    error_message = "strict or report."
  }
}

variable "schedules_run" {
  description = "Whether scheduled work runs on servers of this image: only after the switch."
  type        = bool
  default     = false
  nullable    = false
}

variable "further_component_arns" {
  description = "Components of your own, for example of languages outside packages; they run before the documents."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "schedule_expression" {
  description = "When a new image is made if its parent changed; null: when a person starts it."
  type        = string
  default     = null
}

variable "scan" {
  description = "Whether Inspector scans each image; it must be switched on in the account."
  type        = bool
  default     = false
  nullable    = false
}

variable "instance_type" {
  description = "Type of the server that makes the image."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false
}

variable "subnet_id" {
  description = "Application subnet of that server."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts components and images."
  type        = string
  nullable    = false
}

variable "log_bucket" {
  description = "Bucket that the log of each build goes to."
  type        = string
  nullable    = false
}
