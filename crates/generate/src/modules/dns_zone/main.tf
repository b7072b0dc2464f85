resource "aws_route53_zone" "this" {
  #checkov:skip=CKV2_AWS_38:Signing a zone before its registrar knows the new name servers would cut it off; sign it after the move
  #checkov:skip=CKV2_AWS_39:Query logs of public zones live in us-east-1 and hold every visitor's resolver; switch them on when somebody reads them
  name = var.domain_name

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_route53_record" "this" {
  #checkov:skip=CKV2_AWS_23:The record is as at the source, and so is what it points to
  for_each = var.records

  zone_id = aws_route53_zone.this.zone_id
  name    = each.value.name
  type    = each.value.type
  ttl     = each.value.ttl
  records = each.value.values
}

# AWS renews a certificate by these, so they stay as long as it is used.
resource "aws_route53_record" "proof" {
  #checkov:skip=CKV2_AWS_23:It answers AWS and leads nowhere
  for_each = var.proofs

  zone_id         = aws_route53_zone.this.zone_id
  name            = each.value.resource_record_name
  type            = each.value.resource_record_type
  ttl             = 300
  records         = [each.value.resource_record_value]
  allow_overwrite = true
}

# The way that answers until the switch, and again on the way back.
resource "aws_route53_record" "source" {
  #checkov:skip=CKV2_AWS_23:It points to the source, which is not in this account
  for_each = var.switched

  zone_id        = aws_route53_zone.this.zone_id
  name           = each.value.name
  type           = each.value.type
  ttl            = each.value.ttl
  records        = each.value.values
  set_identifier = "source"

  weighted_routing_policy {
    weight = 100
  }

  lifecycle {
    # The cutover moves the weights.
    ignore_changes = [weighted_routing_policy]
  }
}

# An alias costs nothing and works at the top of the zone; a name that was a CNAME stays one, since both cannot stand side by side.
resource "aws_route53_record" "target" {
  for_each = var.switched

  zone_id        = aws_route53_zone.this.zone_id
  name           = each.value.name
  type           = each.value.type
  ttl            = each.value.type == "CNAME" ? each.value.ttl : null
  records        = each.value.type == "CNAME" ? [each.value.target_domain_name] : null
  set_identifier = "target"

  weighted_routing_policy {
    weight = 0
  }

  dynamic "alias" {
    for_each = each.value.type == "CNAME" ? [] : [1]

    content {
      name                   = each.value.target_domain_name
      zone_id                = each.value.target_zone_id
      evaluate_target_health = false
    }
  }

  lifecycle {
    # The cutover moves the weights.
    ignore_changes = [weighted_routing_policy]
  }
}
