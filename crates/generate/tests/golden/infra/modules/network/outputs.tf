output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Ids of the public subnets by zone slot."
  value       = { for zone, subnet in aws_subnet.public : zone => subnet.id }
}

output "app_subnet_ids" {
  description = "Ids of the application subnets by zone slot."
  value       = { for zone, subnet in aws_subnet.app : zone => subnet.id }
}

output "data_subnet_ids" {
  description = "Ids of the data subnets by zone slot."
  value       = { for zone, subnet in aws_subnet.data : zone => subnet.id }
}

output "app_route_table_ids" {
  description = "Route tables of the application subnets by zone slot."
  value       = { for zone, table in aws_route_table.app : zone => table.id }
}

output "nat_public_ips" {
  description = "Addresses that outbound traffic comes from, by zone slot: give them to whoever allows by address."
  value       = { for zone, address in aws_eip.nat : zone => address.public_ip }
}
