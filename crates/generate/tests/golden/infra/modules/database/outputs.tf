output "identifier" {
  description = "Identifier of the primary."
  value       = aws_db_instance.this.identifier
}

output "address" {
  description = "Host name of the primary."
  value       = aws_db_instance.this.address
}

output "replica_addresses" {
  description = "Host names of the read replicas by key."
  value       = { for key, replica in aws_db_instance.replica : key => replica.address }
}

output "arn" {
  description = "ARN of the primary."
  value       = aws_db_instance.this.arn
}

output "replica_identifiers" {
  description = "Identifiers of the read replicas by key."
  value       = { for key, replica in aws_db_instance.replica : key => replica.identifier }
}

output "master_secret_arn" {
  description = "ARN of the secret that holds the master password."
  value       = one(aws_db_instance.this.master_user_secret[*].secret_arn)
}
