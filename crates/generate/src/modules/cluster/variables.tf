variable "name" {
  description = "Name of the cluster."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}$", var.name))
    error_message = "A cluster has at most 63 letters, digits and -, and starts with no -."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes, for example 1.35."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^1[.][0-9]{2}$", var.kubernetes_version))
    error_message = "A version looks like 1.35: patches are installed by EKS."
  }
}

variable "support_type" {
  description = "STANDARD: EKS upgrades the cluster by itself when the standard support of its version ends. EXTENDED: it stays, at six times the price."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["STANDARD", "EXTENDED"], var.support_type)
    error_message = "The support type is STANDARD or EXTENDED."
  }
}

variable "service_cidr" {
  description = "IPv4 block of the services' own addresses, outside of every network. It can never be changed."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrhost(var.service_cidr, 0)) && tonumber(split("/", var.service_cidr)[1]) >= 12 && tonumber(split("/", var.service_cidr)[1]) <= 24
    error_message = "The block is between /12 and /24."
  }
}

variable "subnet_ids" {
  description = "Subnets of the application tier, in two zones at least: the control plane puts its network interfaces there."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "EKS wants subnets in two zones at least."
  }
}

variable "security_group_ids" {
  description = "Security groups of those interfaces, beside the cluster's own."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "public_access_cidrs" {
  description = "IPv4 blocks that may reach the API from outside the network; none: it is reached inside only."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = !contains(var.public_access_cidrs, "0.0.0.0/0")
    error_message = "The API is not opened to everybody."
  }
}

variable "log_types" {
  description = "Logs of the control plane that are kept."
  type        = list(string)
  default     = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that they are kept."
  type        = number
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that envelopes the cluster's secrets."
  type        = string
  nullable    = false
}

variable "log_kms_key_arn" {
  description = "Key that encrypts the logs."
  type        = string
  nullable    = false
}

variable "access" {
  description = "Who may do what in the cluster, by key: the role, the name of an access policy of EKS, the namespaces it is bound to (none: the whole cluster), and groups of the cluster for what those policies leave out."
  type = map(object({
    principal_arn = string
    policy        = string
    namespaces    = optional(list(string), [])
    groups        = optional(list(string), [])
  }))
  nullable = false
}
