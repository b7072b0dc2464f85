variable "name" {
  description = "Name of vaults and plan."
  type        = string
  nullable    = false
}

variable "copy_region" {
  description = "Region that holds the copies; null for none."
  type        = string
  default     = null
}

variable "retention_days" {
  description = "Days that a backup is kept."
  type        = number
  default     = 35
  nullable    = false
}

variable "copy_retention_days" {
  description = "Days that a copy in the other region is kept."
  type        = number
  default     = 35
  nullable    = false
}

variable "resource_arns" {
  description = "What is backed up."
  type        = list(string)
  nullable    = false
}

variable "kms_key_arn" {
  description = "Key that encrypts the backups here."
  type        = string
  nullable    = false
}

variable "copy_kms_key_arn" {
  description = "Key that encrypts the copies, in their region; null where there are none."
  type        = string
  default     = null
}
