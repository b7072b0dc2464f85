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

variable "cidr_block" {
  description = "Second IPv4 block of the VPC, out of 100.64.0.0/10."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^100[.](6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])[.]", var.cidr_block)) && can(cidrhost(var.cidr_block, 0))
    error_message = "The block lies in 100.64.0.0/10, which no office and no peer has."
  }
}

variable "zones" {
  description = "Zone ids by slot."
  type        = map(string)
  nullable    = false
}

variable "subnets" {
  description = "Blocks of the pods' subnets by zone slot."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for zone in keys(var.subnets) : contains(keys(var.zones), zone) && contains(keys(var.route_table_ids), zone)])
    error_message = "Every subnet stands in a zone that is known and has a way out."
  }
}

variable "route_table_ids" {
  description = "Route tables of the application subnets by zone slot."
  type        = map(string)
  nullable    = false
}
