output "remote_write_url" {
  description = "Where agents write to."
  value       = "${aws_prometheus_workspace.this.prometheus_endpoint}api/v1/remote_write"
}

output "query_url" {
  description = "Where Grafana reads from."
  value       = aws_prometheus_workspace.this.prometheus_endpoint
}

output "grafana_endpoint" {
  description = "Host name of Grafana; null where it is not part of this."
  value       = one(aws_grafana_workspace.this[*].endpoint)
}
