variable "name" {
  description = "Name of the file system."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "A subnet in each zone by zone slot, where servers find it."
  type        = map(string)
  nullable    = false
}

variable "security_group_ids" {
  description = "Security groups that let its servers in."
  type        = list(string)
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts it."
  type        = string
  nullable    = false
}
