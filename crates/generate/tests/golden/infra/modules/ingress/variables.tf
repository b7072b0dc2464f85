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
  description = "Subnets: those of the applications for a private one, else public ones."
  type        = list(string)
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups of the load balancer."
  type        = list(string)
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365
  nullable    = false
}

variable "idle_timeout_seconds" {
  description = "Seconds without a byte after which a connection is given up."
  type        = number
  default     = 60
  nullable    = false
}

variable "is_private" {
  description = "Whether it has no public address, and a distribution stands before it."
  type        = bool
  nullable    = false
}

variable "web_acl_arn" {
  description = "Web firewall of a public load balancer; null for a private one."
  type        = string
  default     = null

  validation {
    condition     = var.is_private || var.web_acl_arn != null
    error_message = "A public load balancer needs a web firewall."
  }
}
