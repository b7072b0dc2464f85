variable "name" {
  description = "Name of the trail."
  type        = string
  nullable    = false
}

variable "lock_mode" {
  description = "Object Lock of the trail's bucket: NONE, GOVERNANCE, or COMPLIANCE. COMPLIANCE cannot be shortened or taken off by anyone, root included."
  type        = string
  nullable    = false
}

variable "lock_days" {
  description = "Days that no object can be deleted or overwritten, where there is a lock."
  type        = number
  nullable    = false
}

variable "retention_days" {
  description = "Days that records are kept."
  type        = number
  default     = 2557
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the trail's log group."
  type        = string
  nullable    = false
}

variable "log_bucket" {
  description = "Bucket that the access log of the trail's bucket goes to."
  type        = string
  nullable    = false
}
