variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false
}

variable "groups" {
  description = "Descriptions of the groups by key."
  type        = map(string)
  nullable    = false
}

variable "ingress_rules" {
  description = "Traffic let in, by a key that never changes."
  type = map(object({
    group              = string
    description        = string
    ip_protocol        = string
    from_port          = number
    to_port            = number
    peer_group         = optional(string)
    cidr_ipv4          = optional(string)
    from_distributions = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = alltrue([for rule in values(var.ingress_rules) : length([for is_given in [rule.peer_group != null, rule.cidr_ipv4 != null, rule.from_distributions] : true if is_given]) == 1])
    error_message = "Each rule names one peer: a group, a block, or the distributions."
  }
}

variable "egress_rules" {
  description = "Traffic let out, by a key that never changes."
  type = map(object({
    group              = string
    description        = string
    ip_protocol        = string
    from_port          = number
    to_port            = number
    peer_group         = optional(string)
    cidr_ipv4          = optional(string)
    from_distributions = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = alltrue([for rule in values(var.egress_rules) : length([for is_given in [rule.peer_group != null, rule.cidr_ipv4 != null, rule.from_distributions] : true if is_given]) == 1])
    error_message = "Each rule names one peer: a group, a block, or the distributions."
  }
}
