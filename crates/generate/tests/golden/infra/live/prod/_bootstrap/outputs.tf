output "state_bucket" {
  description = "Bucket that holds the state."
  value       = module.state_bucket.bucket
}
