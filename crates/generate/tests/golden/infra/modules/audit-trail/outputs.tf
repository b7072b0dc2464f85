output "bucket" {
  description = "Bucket that holds the trail."
  value       = module.archive.bucket
}

output "log_group" {
  description = "Log group that the trail is written to as well, for alarms."
  value       = aws_cloudwatch_log_group.this.name
}
