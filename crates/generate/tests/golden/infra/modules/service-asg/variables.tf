variable "name" {
  description = "Name of the service."
  type        = string
  nullable    = false
}

variable "environment" {
  description = "Environment that the service belongs to."
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
  nullable    = false

  validation {
    condition     = startswith(var.image_parameter, "/")
    error_message = "A parameter's name starts with a slash."
  }
}

variable "root_device" {
  description = "Name that the image gives its root disk."
  type        = string
  nullable    = false
}

variable "root_disk_gib" {
  description = "Root disk in GiB."
  type        = number
  nullable    = false

  validation {
    condition     = var.root_disk_gib >= 8
    error_message = "The public images need 8 GiB at least."
  }
}

variable "min_size" {
  description = "Servers at least."
  type        = number
  nullable    = false
}

variable "desired_capacity" {
  description = "Servers at first; Auto Scaling changes it later."
  type        = number
  nullable    = false
}

variable "max_size" {
  description = "Servers at most."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_size >= var.desired_capacity && var.desired_capacity >= var.min_size
    error_message = "Sizes must be in the order min, desired, max."
  }
}

variable "target_group" {
  description = "How a load balancer reaches the servers; null when none does."
  type = object({
    port                = number
    protocol            = string
    health_path         = string
    interval_seconds    = number
    healthy_threshold   = number
    unhealthy_threshold = number
    sticky              = bool
  })
  default = null
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Subnets of the application tier."
  type        = list(string)
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups of the servers."
  type        = list(string)
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the disks."
  type        = string
  nullable    = false
}

variable "shared_files" {
  description = "File systems that every server mounts, and where. The image needs amazon-efs-utils."
  type = map(object({
    path             = string
    id               = string
    arn              = string
    access_point_id  = string
    access_point_arn = string
  }))
  default  = {}
  nullable = false
}

variable "data_disks" {
  description = "Disks that the one server of the service takes with it, and where it mounts them."
  type = map(object({
    path = string
    id   = string
    arn  = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.data_disks) == 0 || var.max_size == 1
    error_message = "A disk follows one server at a time: a service of several shares a file system."
  }
}
