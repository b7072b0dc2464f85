output "arn" {
  description = "ARN of the target group."
  value       = aws_lb_target_group.this.arn
}

output "arn_suffix" {
  description = "End of that ARN, by which metrics know it."
  value       = aws_lb_target_group.this.arn_suffix
}
