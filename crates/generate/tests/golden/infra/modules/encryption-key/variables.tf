variable "name" {
  description = "Name of the key's alias."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the key protects."
  type        = string
  nullable    = false
}

variable "used_through" {
  description = "Services that use the key on behalf of callers in this account, for example ec2 or rds."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "region" {
  description = "Region that the key lives in; null for the provider's own."
  type        = string
  default     = null
}

variable "encrypts_logs" {
  description = "Whether CloudWatch Logs uses the key."
  type        = bool
  default     = false
  nullable    = false
}

variable "publishers" {
  description = "Services that publish to topics encrypted under the key, for example cloudwatch."
  type        = list(string)
  default     = []
  nullable    = false
}
