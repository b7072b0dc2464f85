variable "name" {
  description = "Name of the workload."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false
}

variable "port" {
  description = "Port of the pods."
  type        = number
  nullable    = false
}

variable "health_path" {
  description = "Path that answers with one of the healthy codes."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.health_path, "/")
    error_message = "A path starts with a slash."
  }
}

variable "healthy_codes" {
  description = "Answers of a pod that is well, for example 200-399."
  type        = string
  nullable    = false
}

variable "deregistration_seconds" {
  description = "Seconds that requests get to end when a pod goes."
  type        = number
  nullable    = false
}

variable "sticky" {
  description = "Whether a client stays with one pod."
  type        = bool
  nullable    = false
}
