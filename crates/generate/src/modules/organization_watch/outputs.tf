output "aggregator_arn" {
  description = "Where the changes of all accounts are read."
  value       = aws_config_configuration_aggregator.this.arn
}
