variable "permission_sets" {
  description = "Permission sets by name: what they are for, AWS's own policies by name, how long a session lasts, the group of people that has them, and the accounts, by name, that they hold for; without any, this one."
  type = map(object({
    description      = string
    managed_policies = list(string)
    inline_policy    = optional(string)
    session_duration = string
    group            = string
    accounts         = optional(map(string), {})
  }))
  nullable = false
}
