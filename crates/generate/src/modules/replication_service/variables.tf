variable "name" {
  description = "Prefix of every name."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Application subnets, in two zones at least."
  type        = list(string)
  nullable    = false
}

variable "vpc_id" {
  description = "VPC of the target."
  type        = string
  nullable    = false
}

variable "instance_class" {
  description = "Class of the replication instance."
  type        = string
  default     = "dms.r6i.large"
  nullable    = false
}

variable "storage_gib" {
  description = "Storage for changes that wait, in GiB."
  type        = number
  default     = 100
  nullable    = false
}

variable "databases" {
  description = "Databases by key: the secrets with host, port, user and password of both sides, the schemas to move, and the target's security group."
  type = map(object({
    source_secret_arn = string
    target_secret_arn = string
    schemas           = list(string)
    security_group_id = string
    port              = number
  }))
  nullable = false
}

variable "kms_key_arn" {
  description = "Key that encrypts waiting changes and the secrets."
  type        = string
  nullable    = false
}

variable "source_ports" {
  description = "Ports of the source's databases."
  type        = list(number)
  nullable    = false
}

variable "source_ca_pem" {
  description = "Certificate of the authority that the source's databases are signed by, as its provider shows it."
  type        = string
  nullable    = false
}

variable "target_ca_pem" {
  description = "Certificate of the authority of RDS in this region."
  type        = string
  nullable    = false
}
