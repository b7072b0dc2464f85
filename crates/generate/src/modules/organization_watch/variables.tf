variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "root_id" {
  description = "Root of the organization."
  type        = string
  nullable    = false
}

variable "regions" {
  description = "Regions that GuardDuty looks at: all that may be used."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.regions) > 0
    error_message = "GuardDuty looks at one region at least."
  }
}

variable "guardduty_features" {
  description = "What GuardDuty looks at beside the network, names and the trail; each is billed by what it reads."
  type        = list(string)
  default     = ["EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "S3_DATA_EVENTS"]
  nullable    = false
}

variable "standards" {
  description = "Standards that Security Hub measures every account by, as the ends of their ARNs."
  type        = list(string)
  default     = ["standards/aws-foundational-security-best-practices/v/1.0.0"]
  nullable    = false
}
