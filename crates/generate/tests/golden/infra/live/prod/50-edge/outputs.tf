output "dns_names" {
  description = "Host names of the load balancers by key."
  value       = { for key, ingress in module.ingress : key => ingress.dns_name }
}

output "zone_ids" {
  description = "Hosted zones of those names by key."
  value       = { for key, ingress in module.ingress : key => ingress.zone_id }
}

output "certificate_validation_records" {
  description = "DNS records to create at the present DNS host, by load balancer and name."
  value       = { for key, ingress in module.ingress : key => ingress.certificate_validation_records }
}
