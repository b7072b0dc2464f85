variable "name" {
  description = "Name of the repository, for example school/web."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.name)) && length(var.name) >= 2 && length(var.name) <= 256
    error_message = "A repository has 2 to 256 of a-z, 0-9 and single . _ - /."
  }
}

variable "images_kept" {
  description = "Images that are kept; older ones are removed."
  type        = number
  nullable    = false

  validation {
    condition     = var.images_kept >= 2
    error_message = "A release to go back to is kept."
  }
}

variable "kms_key_arn" {
  description = "Key that encrypts the images."
  type        = string
  nullable    = false
}
