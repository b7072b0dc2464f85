output "arn" {
  description = "ARN of the node group."
  value       = aws_eks_node_group.this.arn
}

output "role_name" {
  description = "Name of the nodes' role."
  value       = aws_iam_role.this.name
}
