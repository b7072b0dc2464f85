variable "name" {
  description = "Name of the firewall."
  type        = string
  nullable    = false
}

variable "scope" {
  description = "CLOUDFRONT for distributions, REGIONAL for load balancers."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["CLOUDFRONT", "REGIONAL"], var.scope)
    error_message = "The scope is CLOUDFRONT or REGIONAL."
  }
}

variable "region" {
  description = "Region that it lives in: us-east-1 for the scope CLOUDFRONT."
  type        = string
  nullable    = false

  validation {
    condition     = var.scope == "REGIONAL" || var.region == "us-east-1"
    error_message = "A firewall of the scope CLOUDFRONT lives in us-east-1."
  }
}

variable "requests_per_five_minutes" {
  description = "Requests of one address in five minutes before it is refused."
  type        = number
  nullable    = false

  validation {
    condition     = var.requests_per_five_minutes >= 10
    error_message = "AWS WAF counts from 10 requests on."
  }
}

variable "sign_ins_per_five_minutes" {
  description = "Requests of one address to the sign-in paths in five minutes before it is refused."
  type        = number
  nullable    = false

  validation {
    condition     = var.sign_ins_per_five_minutes >= 10
    error_message = "AWS WAF counts from 10 requests on."
  }
}

variable "sign_in_path" {
  description = "Regular expression of the paths where people sign in."
  type        = string
  default     = "^/(login|signin|sign-in|auth|wp-login[.]php|api/(v[0-9]+/)?(login|token))"
  nullable    = false
}

variable "managed_rules_block" {
  description = "Whether the wider rule groups refuse requests or only count them."
  type        = bool
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the log, in the same region."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that the log is kept."
  type        = number
  default     = 365
  nullable    = false
}
