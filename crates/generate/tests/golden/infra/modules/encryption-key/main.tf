resource "aws_kms_key" "this" {
  region                  = local.region
  description             = var.description
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.this.json
}

resource "aws_kms_alias" "this" {
  region        = local.region
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
