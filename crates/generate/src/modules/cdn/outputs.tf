output "domain_name" {
  description = "Host name of the distribution: the target of the switch."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "hosted_zone_id" {
  description = "Hosted zone of that name, for alias records."
  value       = aws_cloudfront_distribution.this.hosted_zone_id
}

output "certificate_validation_records" {
  description = "DNS records that prove the certificate's names, by name."
  value       = { for option in aws_acm_certificate.this.domain_validation_options : option.domain_name => option }
}
