variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "cidr_block" {
  description = "IPv4 block of the VPC."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrhost(var.cidr_block, 0))
    error_message = "The block must be in CIDR notation, for example 10.20.0.0/16."
  }
}

variable "zones" {
  description = "Zone ids by slot."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.zones) >= 2
    error_message = "Load balancers and databases need two zones at least."
  }
}

variable "public_subnets" {
  description = "Blocks of the public subnets by zone slot."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for cidr in values(var.public_subnets) : can(cidrhost(cidr, 0))])
    error_message = "Every subnet must be an IPv4 block in CIDR notation."
  }
}

variable "app_subnets" {
  description = "Blocks of the application subnets by zone slot."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for cidr in values(var.app_subnets) : can(cidrhost(cidr, 0))])
    error_message = "Every subnet must be an IPv4 block in CIDR notation."
  }
}

variable "data_subnets" {
  description = "Blocks of the data subnets by zone slot."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for cidr in values(var.data_subnets) : can(cidrhost(cidr, 0))])
    error_message = "Every subnet must be an IPv4 block in CIDR notation."
  }
}

variable "nat_zones" {
  description = "For each zone slot, the slot whose NAT gateway its application subnet uses."
  type        = map(string)
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the flow logs."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that flow logs are kept."
  type        = number
  default     = 365
  nullable    = false
}
