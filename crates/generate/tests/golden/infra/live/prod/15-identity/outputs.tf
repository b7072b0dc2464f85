output "permission_set_arns" {
  description = "ARNs of the permission sets by name."
  value       = module.permission_sets.arns
}
