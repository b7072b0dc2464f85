output "instance_id" {
  description = "Id of the runner, for aws ssm start-session --target."
  value       = aws_instance.this.id
}

output "role_name" {
  description = "Name of its role."
  value       = aws_iam_role.this.name
}
output "role_arn" {
  description = "ARN of that role."
  value       = aws_iam_role.this.arn
}

output "security_group_id" {
  description = "Security group of the runner."
  value       = aws_security_group.this.id
}
