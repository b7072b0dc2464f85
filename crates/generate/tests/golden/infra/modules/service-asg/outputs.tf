output "autoscaling_group_name" {
  description = "Name of the group."
  value       = aws_autoscaling_group.this.name
}

output "target_group_arn" {
  description = "ARN of the target group; null when no load balancer stands before the service."
  value       = one(aws_lb_target_group.this[*].arn)
}

output "target_group_arn_suffix" {
  description = "End of that ARN, by which metrics know the target group."
  value       = one(aws_lb_target_group.this[*].arn_suffix)
}

output "role_name" {
  description = "Name of the servers' role, for further policies."
  value       = aws_iam_role.this.name
}
