output "replication_configuration_template" {
  description = "For aws mgn create-replication-configuration-template --cli-input-json."
  value       = jsonencode(local.replication_configuration_template)
}

output "launch_configuration_template" {
  description = "For aws mgn create-launch-configuration-template --cli-input-json."
  value       = jsonencode(local.launch_configuration_template)
}

output "installer_role_arn" {
  description = "Role that whoever installs agents takes on."
  value       = aws_iam_role.installer.arn
}
