variable "name" {
  description = "Name of the runner."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "VPC of the target."
  type        = string
  nullable    = false
}

variable "subnet_id" {
  description = "Application subnet whose NAT gateway gives the runner its fixed address."
  type        = string
  nullable    = false
}

variable "instance_type" {
  description = "Instance type."
  type        = string
  nullable    = false
}

variable "image_parameter" {
  description = "Systems Manager parameter that names the machine image."
  type        = string
  default     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
  nullable    = false
}

variable "disk_gib" {
  description = "Disk for the spool of log events, in GiB."
  type        = number
  nullable    = false
}

variable "database_security_groups" {
  description = "Security groups of the databases that the runner fills, by key, with their port."
  type = map(object({
    id   = string
    port = number
  }))
  nullable = false
}

variable "source_ports" {
  description = "Ports of the source's databases."
  type        = list(number)
  nullable    = false
}

variable "secret_arns" {
  description = "Secrets that the runner may read: the master passwords of the databases."
  type        = list(string)
  nullable    = false
}

variable "data_kms_key_arn" {
  description = "Key that those secrets are encrypted under."
  type        = string
  nullable    = false
}

variable "disk_kms_key_arn" {
  description = "Key that encrypts the runner's disk."
  type        = string
  nullable    = false
}
