variable "name" {
  description = "Name of the distribution."
  type        = string
  nullable    = false
}

variable "domain_name" {
  description = "First name of the certificate."
  type        = string
  nullable    = false
}

variable "alternative_names" {
  description = "Further names of the certificate; all of them are served."
  type        = list(string)
  nullable    = false
}

variable "load_balancer" {
  description = "The private load balancer that answers; null for a distribution of files."
  type = object({
    arn      = string
    dns_name = string
  })
  default = null
}

variable "bucket" {
  description = "The bucket whose files are delivered; null for a distribution of an application."
  type = object({
    name        = string
    arn         = string
    domain_name = string
  })
  default = null

  validation {
    condition     = (var.bucket == null) != (var.load_balancer == null)
    error_message = "A distribution has one origin: a bucket or a load balancer."
  }
}

variable "origin_access" {
  description = "How the bucket knows the distribution: control (signed requests) or identity (the older form)."
  type        = string
  default     = "control"
  nullable    = false

  validation {
    condition     = contains(["control", "identity"], var.origin_access)
    error_message = "The origin access is control or identity."
  }
}

variable "price_class" {
  description = "Which edge locations serve."
  type        = string
  default     = "PriceClass_200"
  nullable    = false
}

variable "web_acl_arn" {
  description = "Web firewall of the scope CLOUDFRONT."
  type        = string
  nullable    = false
}

variable "log_bucket_arn" {
  description = "Bucket that access logs are delivered to."
  type        = string
  nullable    = false
}
