output "repository_urls" {
  description = "Where images are pushed to, by key."
  value       = { for key, repository in module.repository : key => repository.url }
}

output "secret_arns" {
  description = "ARNs of the secrets that hold settings, by name."
  value       = module.application_secrets.arns
}

output "role_arns" {
  description = "Roles of pods by key."
  value       = { for key, identity in module.identity : key => identity.role_arn }
}

output "target_group_arns" {
  description = "ARNs of the target groups by workload."
  value       = { for key, group in module.target_group : key => group.arn }
}

output "target_group_arn_suffixes" {
  description = "Ends of those ARNs by workload, by which metrics know them."
  value       = { for key, group in module.target_group : key => group.arn_suffix }
}
