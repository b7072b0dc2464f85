output "name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.this.id
}

output "arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.this.arn
}

output "domain_name" {
  description = "Regional host name, the origin of a distribution."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}
