variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "lock_mode" {
  description = "Object Lock of the trail's bucket: NONE, GOVERNANCE, or COMPLIANCE. COMPLIANCE cannot be shortened or taken off by anyone, root included."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["NONE", "GOVERNANCE", "COMPLIANCE"], var.lock_mode)
    error_message = "The lock mode is NONE, GOVERNANCE or COMPLIANCE."
  }
}

variable "lock_days" {
  description = "Days that no object can be deleted or overwritten, where there is a lock."
  type        = number
  nullable    = false

  validation {
    condition     = var.lock_days >= 1
    error_message = "Object Lock holds for a day at least."
  }
}

variable "retention_days" {
  description = "Days that records are kept."
  type        = number
  default     = 2557
  nullable    = false

  validation {
    condition     = var.retention_days > var.lock_days
    error_message = "Records are kept for longer than they are locked."
  }
}

variable "trail_arn" {
  description = "ARN that the trail has or will have: it writes here, and nothing else does."
  type        = string
  nullable    = false
}

variable "writers" {
  description = "Ids of the accounts whose records are taken; of an organization its own id too."
  type        = list(string)
  nullable    = false
}

variable "log_bucket" {
  description = "Bucket of the same account that the access log of the archive goes to."
  type        = string
  nullable    = false
}
