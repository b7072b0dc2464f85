output "dns_name" {
  description = "Host name of the load balancer: the target of the switch."
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Hosted zone of that name, for alias records."
  value       = aws_lb.this.zone_id
}

output "arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "End of that ARN, by which metrics know it."
  value       = aws_lb.this.arn_suffix
}

output "certificate_validation_records" {
  description = "DNS records that prove the certificate's names, by name."
  value       = { for option in aws_acm_certificate.this.domain_validation_options : option.domain_name => option }
}
