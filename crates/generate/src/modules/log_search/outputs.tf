output "endpoint" {
  description = "Host name of the domain, inside the network."
  value       = aws_opensearch_domain.this.endpoint
}

output "stream_name" {
  description = "Delivery stream that agents write logs to."
  value       = aws_kinesis_firehose_delivery_stream.this.name
}

output "delivery_role_arn" {
  description = "Role that delivers logs; it is mapped once to a role inside the domain."
  value       = aws_iam_role.delivery.arn
}

output "administrator_role_arn" {
  description = "Role that governs the domain."
  value       = aws_iam_role.administrator.arn
}
