output "kms_key_arns" {
  description = "ARNs of the keys by class of data."
  value       = { for class, key in module.key : class => key.arn }
}

output "security_group_ids" {
  description = "Ids of the security groups by key."
  value       = module.security_groups.ids
}
