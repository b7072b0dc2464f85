variable "secrets" {
  description = "Descriptions of the secrets by name."
  type        = map(string)
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts them."
  type        = string
  nullable    = false
}
