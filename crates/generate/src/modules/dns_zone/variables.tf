variable "domain_name" {
  description = "Name of the zone."
  type        = string
  nullable    = false
}

variable "records" {
  description = "Records that stay as they are, by key."
  type = map(object({
    name   = string
    type   = string
    ttl    = number
    values = list(string)
  }))
  nullable = false
}

variable "switched" {
  description = "Names that are switched: the old answer has all the weight until the cutover moves it."
  type = map(object({
    name   = string
    type   = string
    ttl    = number
    values = list(string)

    target_domain_name = string
    target_zone_id     = string
  }))
  nullable = false
}

variable "proofs" {
  description = "Records that prove the names of certificates to AWS, by the name proven. A zone that is taken over may hold them already."
  type = map(object({
    resource_record_name  = string
    resource_record_type  = string
    resource_record_value = string
  }))
  default  = {}
  nullable = false
}
