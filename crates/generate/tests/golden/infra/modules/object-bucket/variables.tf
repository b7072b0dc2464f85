variable "name" {
  description = "Name of the bucket; all of AWS shares these names."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 of a-z, 0-9 and -, and starts and ends with a letter or number."
  }
}

variable "noncurrent_days" {
  description = "Days that replaced and deleted objects are kept."
  type        = number
  default     = 90
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the objects; null for the service's own key, which the older origin access identity needs."
  type        = string
  default     = null
}

variable "log_bucket" {
  description = "Bucket that the access log goes to."
  type        = string
  nullable    = false
}

variable "has_own_policy" {
  description = "Whether somebody else, such as a distribution, writes the bucket's policy."
  type        = bool
  default     = false
  nullable    = false
}
