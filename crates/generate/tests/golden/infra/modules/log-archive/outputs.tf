output "bucket" {
  description = "Bucket that holds the records, once its policy lets the trail in."
  value       = aws_s3_bucket_policy.this.bucket
}

output "kms_key_arn" {
  description = "Key that the records are encrypted under."
  value       = aws_kms_key.this.arn
}
