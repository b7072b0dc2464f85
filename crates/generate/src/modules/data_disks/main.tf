# A disk lives in one zone, so its server does too.
data "aws_subnet" "this" {
  for_each = var.disks

  id = each.value.subnet_id
}

resource "aws_ebs_volume" "this" {
  #checkov:skip=CKV2_AWS_9:The plan of 60-operations backs it up with the other data; the check sees one root only
  for_each = var.disks

  availability_zone = data.aws_subnet.this[each.key].availability_zone
  size              = each.value.size_gib
  type              = "gp3"
  encrypted         = true
  kms_key_id        = var.kms_key_arn
  final_snapshot    = true

  tags = {
    Name = "${var.name}-${each.key}"
  }

  lifecycle {
    prevent_destroy = true

    # A new subnet in another zone must not move a disk: it would be made anew, and empty.
    ignore_changes = [availability_zone]
  }
}
