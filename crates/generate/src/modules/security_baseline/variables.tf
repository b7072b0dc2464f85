variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "record_configuration" {
  description = "Whether AWS Config records every change of a resource."
  type        = bool
  nullable    = false
}

variable "recorder_name" {
  description = "Name of Config's recorder, where the account has one already; a recorder cannot be renamed."
  type        = string
  default     = null
}

variable "delivery_channel_name" {
  description = "Name of Config's delivery channel, where the account has one already."
  type        = string
  default     = null
}

variable "is_watched" {
  description = "Whether an organization watches over this account: then GuardDuty and Security Hub are switched on from there."
  type        = bool
  default     = false
  nullable    = false
}

variable "standards" {
  description = "Standards that Security Hub measures the account by, as the ends of their ARNs."
  type        = list(string)
  default     = ["standards/aws-foundational-security-best-practices/v/1.0.0"]
  nullable    = false
}

variable "log_bucket" {
  description = "Bucket that Config delivers to."
  type        = string
  nullable    = false
}
