output "secret_name" {
  description = "Secret that a person writes the key into."
  value       = aws_secretsmanager_secret.api_key.name
}

output "integration_role_name" {
  description = "Role that is entered at Datadog; null until its id is known."
  value       = one(aws_iam_role.integration[*].name)
}
