output "alarm_topic_arn" {
  description = "Topic that every notice goes through."
  value       = module.alarms.topic_arn
}

output "remote_write_url" {
  description = "Where agents write metrics to."
  value       = module.metrics.remote_write_url
}

output "metrics_query_url" {
  description = "The data source of Grafana."
  value       = module.metrics.query_url
}

output "grafana_endpoint" {
  description = "Host name of Grafana; null where it is not part of this."
  value       = module.metrics.grafana_endpoint
}
