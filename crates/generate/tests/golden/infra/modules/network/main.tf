resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_hostnames = true

  tags = {
    Name = var.name
  }
}

# With no rules: a resource that is given no group of its own can talk to nobody.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = {
    Name = var.name
  }
}

resource "aws_subnet" "public" {
  for_each = var.public_subnets

  vpc_id               = aws_vpc.this.id
  availability_zone_id = var.zones[each.key]
  cidr_block           = each.value

  tags = {
    Name = "${var.name}-public-${each.key}"
  }
}

resource "aws_subnet" "app" {
  for_each = var.app_subnets

  vpc_id               = aws_vpc.this.id
  availability_zone_id = var.zones[each.key]
  cidr_block           = each.value

  tags = {
    Name = "${var.name}-app-${each.key}"
  }
}

resource "aws_subnet" "data" {
  for_each = var.data_subnets

  vpc_id               = aws_vpc.this.id
  availability_zone_id = var.zones[each.key]
  cidr_block           = each.value

  tags = {
    Name = "${var.name}-data-${each.key}"
  }
}
