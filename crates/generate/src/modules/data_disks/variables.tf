variable "name" {
  description = "First part of the names of the disks."
  type        = string
  nullable    = false
}

variable "disks" {
  description = "Disks by key: their size, and a subnet of the zone that they live in."
  type = map(object({
    size_gib  = number
    subnet_id = string
  }))
  nullable = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the disks."
  type        = string
  nullable    = false
}
