variable "name" {
  description = "Name of the role."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.name) <= 64
    error_message = "A role's name has at most 64 characters."
  }
}

variable "cluster_name" {
  description = "Name of the cluster."
  type        = string
  nullable    = false
}

variable "namespace" {
  description = "Namespace of the service account."
  type        = string
  nullable    = false
}

variable "service_account" {
  description = "Name of the service account."
  type        = string
  nullable    = false
}

variable "is_bound" {
  description = "Whether the role is bound to the service account here. An add-on of EKS binds its role itself."
  type        = bool
  default     = true
  nullable    = false
}

variable "managed_policies" {
  description = "AWS's own policies by name, for software that AWS itself keeps."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for policy in var.managed_policies : !strcontains(policy, "Administrator") && !strcontains(policy, "FullAccess")])
    error_message = "A pod gets no policy that allows everything."
  }
}

variable "statements" {
  description = "Further rights, by the name of the statement: actions, resources, and a condition on tags or services where there is one."
  type = map(object({
    actions   = list(string)
    resources = list(string)
    condition = optional(object({ test = string, variable = string, values = list(string) }))
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for statement in values(var.statements) : !contains(statement.actions, "*") && alltrue([for action in statement.actions : !endswith(action, ":*")])])
    error_message = "Every action is named: no * and no service:*."
  }
}
