variable "bucket" {
  description = "Name of the bucket."
  type        = string
  nullable    = false
}

variable "users" {
  description = "ARNs of roles of other accounts that read and write states and take and release locks."
  type        = list(string)
  default     = []
  nullable    = false
}
