output "name" {
  description = "Name of the cluster, for aws eks update-kubeconfig --name."
  value       = aws_eks_cluster.this.name
}

output "version" {
  description = "Its minor version of Kubernetes."
  value       = aws_eks_cluster.this.version
}

output "arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.this.arn
}

output "endpoint" {
  description = "Address of its API."
  value       = aws_eks_cluster.this.endpoint
}

output "certificate_authority" {
  description = "Certificate of the authority that the API is signed by, in base64."
  value       = one(aws_eks_cluster.this.certificate_authority[*].data)
}

output "security_group_id" {
  description = "Security group that EKS made for control plane and nodes."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}
