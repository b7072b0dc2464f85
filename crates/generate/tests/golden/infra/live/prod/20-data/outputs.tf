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

output "database_arns" {
  description = "ARNs of the primaries by key."
  value       = { for key, database in module.database : key => database.arn }
}

output "database_storage_gib" {
  description = "Storage that each primary starts with, by identifier."
  value       = { for key, database in module.database : database.identifier => local.databases[key].allocated_storage_gib }
}

output "replica_storage_gib" {
  description = "The same for the read replicas."
  value       = merge([for key, database in module.database : { for replica in values(database.replica_identifiers) : replica => local.databases[key].allocated_storage_gib }]...)
}

output "cache_endpoints" {
  description = "Host names of the primaries of the caches by key; TLS only."
  value       = { for key, cache in module.cache : key => cache.primary_endpoint }
}

output "buckets" {
  description = "Name, ARN and regional host name of the buckets by key."
  value       = { for key, bucket in module.bucket : key => { name = bucket.name, arn = bucket.arn, domain_name = bucket.domain_name } }
}

output "shared_files" {
  description = "File systems that servers share, with their access points, by key."
  value       = { for key, files in module.shared_files : key => { id = files.id, arn = files.arn, access_point_id = files.access_point_id, access_point_arn = files.access_point_arn } }
}
