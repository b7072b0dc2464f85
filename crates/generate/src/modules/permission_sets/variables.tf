variable "permission_sets" {
  description = "Permission sets by name: what they are for, AWS's own policies by name, how long a session lasts, and the group of people that has them."
  type = map(object({
    description      = string
    managed_policies = list(string)
    inline_policy    = optional(string)
    session_duration = string
    group            = string
  }))
  nullable = false
}
