variable "name_prefix" {
  description = "Beginning of the bucket's name."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name_prefix) <= 37
    error_message = "A bucket's prefix has at most 37 characters."
  }
}

variable "retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365
  nullable    = false
}
