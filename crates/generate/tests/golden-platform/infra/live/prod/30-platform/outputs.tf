output "cluster_name" {
  description = "Name of the cluster, for aws eks update-kubeconfig --name."
  value       = module.cluster.name
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = module.cluster.arn
}

output "cluster_endpoint" {
  description = "Address of the cluster's API."
  value       = module.cluster.endpoint
}

output "cluster_certificate_authority" {
  description = "Certificate of the authority that the API is signed by, in base64."
  value       = module.cluster.certificate_authority
}

output "cluster_security_group_id" {
  description = "Security group that EKS made for control plane and nodes."
  value       = module.cluster.security_group_id
}

output "node_group_arns" {
  description = "ARNs of the node groups by key."
  value       = { for key, group in module.node_group : key => group.arn }
}

output "application_log_group" {
  description = "Log group that the lines of all pods go to."
  value       = aws_cloudwatch_log_group.applications.name
}

output "application_log_group_arn" {
  description = "ARN of that group."
  value       = aws_cloudwatch_log_group.applications.arn
}
