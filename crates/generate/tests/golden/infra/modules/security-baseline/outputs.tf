output "detector_id" {
  description = "Id of the GuardDuty detector; null where an organization has switched it on."
  value       = one(aws_guardduty_detector.this[*].id)
}
