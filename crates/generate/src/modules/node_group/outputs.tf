output "arn" {
  description = "ARN of the node group."
  value       = aws_eks_node_group.this.arn
}

output "autoscaling_group_name" {
  description = "Name of the Auto Scaling group that EKS made for it."
  value       = aws_eks_node_group.this.resources[0].autoscaling_groups[0].name
}

output "role_name" {
  description = "Name of the nodes' role."
  value       = aws_iam_role.this.name
}
