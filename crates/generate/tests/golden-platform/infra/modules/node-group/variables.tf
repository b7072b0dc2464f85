variable "name" {
  description = "Name of the node group."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name) <= 63
    error_message = "A node group has at most 63 characters."
  }
}

variable "environment" {
  description = "Environment that its nodes are for."
  type        = string
  nullable    = false
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
  nullable    = false
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes: raised after the cluster's, never before."
  type        = string
  nullable    = false
}

variable "instance_type" {
  description = "Instance type of the nodes."
  type        = string
  nullable    = false
}

variable "ami_type" {
  description = "Type of the machine image as EKS names it: BOTTLEROCKET_x86_64, AL2023_ARM_64_STANDARD, …"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(BOTTLEROCKET|AL2023)_", var.ami_type))
    error_message = "The image is Bottlerocket or Amazon Linux 2023: the older ones get no more updates."
  }
}

variable "disk_gib" {
  description = "Disk for images and logs, in GiB."
  type        = number
  nullable    = false

  validation {
    condition     = var.disk_gib >= 20
    error_message = "Images and logs need 20 GiB at least."
  }
}

variable "min_size" {
  description = "Nodes at least."
  type        = number
  nullable    = false
}

variable "desired_size" {
  description = "Nodes at first; the autoscaler changes it later."
  type        = number
  nullable    = false
}

variable "max_size" {
  description = "Nodes at most."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_size >= var.desired_size && var.desired_size >= var.min_size
    error_message = "Sizes must be in the order min, desired, max."
  }
}

variable "replaced_at_once" {
  description = "Nodes that an update replaces at a time."
  type        = number
  nullable    = false

  validation {
    condition     = var.replaced_at_once >= 1 && var.replaced_at_once <= 100
    error_message = "Between 1 and 100 nodes are replaced at a time."
  }
}

variable "pods_max" {
  description = "Pods on a node, those of the system counted."
  type        = number
  nullable    = false
}

variable "labels" {
  description = "Labels of the nodes."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "taints" {
  description = "What keeps other pods away, by key."
  type = map(object({
    value  = string
    effect = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for taint in values(var.taints) : contains(["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"], taint.effect)])
    error_message = "An effect is NO_SCHEDULE, NO_EXECUTE or PREFER_NO_SCHEDULE."
  }
}

variable "subnet_ids" {
  description = "Subnets of the application tier."
  type        = list(string)
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups of the nodes: the cluster's own and those of the design."
  type        = list(string)
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the disks."
  type        = string
  nullable    = false
}
