output "dns_names" {
  description = "Host names of the load balancers by key."
  value       = { for key, ingress in module.ingress : key => ingress.dns_name }
}

output "zone_ids" {
  description = "Hosted zones of those names by key."
  value       = { for key, ingress in module.ingress : key => ingress.zone_id }
}

output "arn_suffixes" {
  description = "Ends of their ARNs by key, by which metrics know them."
  value       = { for key, ingress in module.ingress : key => ingress.arn_suffix }
}

output "certificate_validation_records" {
  description = "DNS records to create at the present DNS host, by load balancer and name."
  value       = { for key, ingress in module.ingress : key => ingress.certificate_validation_records }
}

output "distribution_names" {
  description = "Host names of the distributions by key."
  value       = { for key, cdn in module.cdn : key => cdn.domain_name }
}

output "distribution_validation_records" {
  description = "DNS records that prove the names of the distributions' certificates, by distribution and name."
  value       = { for key, cdn in module.cdn : key => cdn.certificate_validation_records }
}

output "name_servers" {
  description = "Name servers of the hosted zones by key, for the registrar."
  value       = { for key, zone in module.zone : key => zone.name_servers }
}

output "hosted_zone_ids" {
  description = "Ids of the hosted zones by key: the cutover moves the weights there."
  value       = { for key, zone in module.zone : key => zone.zone_id }
}
