output "addresses" {
  description = "Host names of the primaries by key."
  value       = { for key, database in module.database : key => database.address }
}

output "replica_addresses" {
  description = "Host names of the read replicas by database and key."
  value       = { for key, database in module.database : key => database.replica_addresses }
}

output "master_secret_arns" {
  description = "Secrets that hold the master passwords, by key."
  value       = { for key, database in module.database : key => database.master_secret_arn }
}
