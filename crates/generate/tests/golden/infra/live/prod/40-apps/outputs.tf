output "target_group_arns" {
  description = "ARNs of the target groups by service; null where no load balancer stands before it."
  value       = { for key, service in module.service : key => service.target_group_arn }
}

output "autoscaling_group_names" {
  description = "Names of the Auto Scaling groups by service."
  value       = { for key, service in module.service : key => service.autoscaling_group_name }
}
