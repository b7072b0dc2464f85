variable "name" {
  description = "Name of the load balancer."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name) <= 32
    error_message = "A load balancer's name has at most 32 characters."
  }
}

variable "domain_name" {
  description = "First name of the certificate."
  type        = string
  nullable    = false
}

variable "alternative_names" {
  description = "Further names of the certificate."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "redirect_http" {
  description = "Whether plain HTTP is answered with a redirect."
  type        = bool
  nullable    = false
}

variable "target_group_arn" {
  description = "Where requests go."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Public subnets."
  type        = list(string)
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups of the load balancer."
  type        = list(string)
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the web firewall's log."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365
  nullable    = false
}

variable "requests_per_five_minutes" {
  description = "Requests of one address in five minutes before it is refused."
  type        = number
  default     = 2000
  nullable    = false
}

variable "waf_blocks" {
  description = "Whether the wider rule groups refuse requests or only count them."
  type        = bool
  default     = false
  nullable    = false
}
