# A second block of the VPC, for pods alone: nobody routes to it from outside, and nodes answer for their pods there.
resource "aws_vpc_ipv4_cidr_block_association" "this" {
  vpc_id     = var.vpc_id
  cidr_block = var.cidr_block
}

resource "aws_subnet" "this" {
  for_each = var.subnets

  vpc_id               = aws_vpc_ipv4_cidr_block_association.this.vpc_id
  availability_zone_id = var.zones[each.key]
  cidr_block           = each.value

  tags = {
    Name = "${var.name}-pods-${each.key}"
  }
}

# The way out is that of the nodes in the same zone.
resource "aws_route_table_association" "this" {
  for_each = aws_subnet.this

  subnet_id      = each.value.id
  route_table_id = var.route_table_ids[each.key]
}
