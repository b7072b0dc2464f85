output "vault_arn" {
  description = "ARN of the vault."
  value       = aws_backup_vault.this.arn
}

output "copy_vault_arn" {
  description = "ARN of the vault in the other region; null where there is none."
  value       = one(aws_backup_vault.copy[*].arn)
}
