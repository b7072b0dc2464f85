output "audit_log_group" {
  description = "Log group that the audit trail is written to."
  value       = module.audit_trail.log_group
}

output "kms_key_arns" {
  description = "ARNs of the keys by class of data."
  value       = { for class, key in module.key : class => key.arn }
}

output "log_bucket" {
  description = "Bucket that services of AWS deliver logs to."
  value       = module.log_bucket.name
}

output "log_bucket_arn" {
  description = "ARN of that bucket."
  value       = module.log_bucket.arn
}

output "security_group_ids" {
  description = "Ids of the security groups by key."
  value       = module.security_groups.ids
}
