output "target_group_arns" {
  description = "ARNs of the target groups by service; null where no load balancer stands before it."
  value       = { for key, service in module.service : key => service.target_group_arn }
}

output "target_group_arn_suffixes" {
  description = "Ends of those ARNs by service, by which metrics know them."
  value       = { for key, service in module.service : key => service.target_group_arn_suffix }
}

output "role_names" {
  description = "Names of the servers' roles by service, for further policies."
  value       = { for key, service in module.service : key => service.role_name }
}

output "autoscaling_group_names" {
  description = "Names of the Auto Scaling groups by service."
  value       = { for key, service in module.service : key => service.autoscaling_group_name }
}
