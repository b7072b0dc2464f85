output "primary_endpoint" {
  description = "Host name of the primary; TLS only."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "reader_endpoint" {
  description = "Host name of the readers; TLS only."
  value       = aws_elasticache_replication_group.this.reader_endpoint_address
}
