output "account_ids" {
  description = "Ids of the accounts by key."
  value       = local.account_ids
}

output "account_role_arns" {
  description = "ARNs of the roles that Terraform takes on in the accounts, by key."
  value       = { for key, id in local.account_ids : key => "arn:${data.aws_partition.current.partition}:iam::${id}:role/${var.role_name}" }
}

output "organization_id" {
  description = "Id of the organization."
  value       = aws_organizations_organization.this.id
}

output "root_id" {
  description = "Id of the root that all units hang on."
  value       = local.root_id
}

output "management_account_id" {
  description = "Id of the account that the organization is managed from."
  value       = aws_organizations_organization.this.master_account_id
}
