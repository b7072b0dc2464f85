output "subnets" {
  description = "Ids of the pods' subnets by zone slot, with the names that the zones have in this account."
  value       = { for zone, subnet in aws_subnet.this : zone => { id = subnet.id, availability_zone = subnet.availability_zone } }
}
