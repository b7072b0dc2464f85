output "vpc_id" {
  description = "Id of the VPC."
  value       = module.network.vpc_id
}

output "public_subnet_ids" {
  description = "Ids of the public subnets by zone slot."
  value       = module.network.public_subnet_ids
}

output "app_subnet_ids" {
  description = "Ids of the application subnets by zone slot."
  value       = module.network.app_subnet_ids
}

output "data_subnet_ids" {
  description = "Ids of the data subnets by zone slot."
  value       = module.network.data_subnet_ids
}

output "nat_public_ips" {
  description = "Addresses that outbound traffic comes from, by zone slot."
  value       = module.network.nat_public_ips
}

output "log_kms_key_arn" {
  description = "Key that encrypts logs."
  value       = module.log_key.arn
}
