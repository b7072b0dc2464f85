variable "name" {
  description = "Name of what exists for the copy of disks."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false
}

variable "staging_subnet_id" {
  description = "Public subnet of the replication servers: agents at the source reach them over the internet."
  type        = string
  nullable    = false
}

variable "source_addresses" {
  description = "Public addresses of the servers whose disks are copied."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.source_addresses) > 0 && alltrue([for address in var.source_addresses : can(cidrnetmask("${address}/32"))])
    error_message = "Each is a single IPv4 address."
  }
}

variable "installer_arns" {
  description = "Roles or people that may install agents; empty: whoever the account's own policies let take the role on."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.installer_arns : startswith(arn, "arn:")])
    error_message = "Each by its ARN; never *."
  }
}

variable "bandwidth_mbit" {
  description = "Most that the copy may take of the line, in Mbit/s; 0 for no limit."
  type        = number
  default     = 0
  nullable    = false
}

variable "create_service_roles" {
  description = "Whether the roles of the service are made; false where the account has used it before."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the copies."
  type        = string
  nullable    = false
}
