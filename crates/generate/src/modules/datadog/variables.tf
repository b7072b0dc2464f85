variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the secret."
  type        = string
  nullable    = false
}

variable "agent_roles" {
  description = "Names of the roles that agents read the key under, by a stable key."
  type        = map(string)
  nullable    = false
}

variable "datadog_account_id" {
  description = "Account that Datadog comes from; another one for its site for governments."
  type        = string
  default     = "464622532012"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.datadog_account_id))
    error_message = "An account of AWS has twelve digits."
  }
}

variable "external_id" {
  description = "Id that Datadog shows for this account when its integration is added; null until then."
  type        = string
  default     = null
}
