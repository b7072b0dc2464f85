variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
  nullable    = false
}

variable "addons" {
  description = "Add-ons by name: the version, settings as JSON, and the service account and role of its pods where it has rights in AWS."
  type = map(object({
    version         = string
    settings        = optional(string)
    service_account = optional(string)
    role_arn        = optional(string)
  }))
  nullable = false

  validation {
    condition     = alltrue([for addon in values(var.addons) : (addon.role_arn == null) == (addon.service_account == null)])
    error_message = "A role is given to a service account, and a service account a role."
  }
}
