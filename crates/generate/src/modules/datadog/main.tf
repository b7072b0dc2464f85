# The value is written by a person, straight into Secrets Manager: it is in no state and in no file.
resource "aws_secretsmanager_secret" "api_key" {
  #checkov:skip=CKV2_AWS_57:The value is a key of Datadog, which only Datadog can rotate
  name                    = "${var.name}-datadog"
  description             = "Key that agents send to Datadog under, as the field api_key"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = 30
}

data "aws_iam_policy_document" "read_key" {
  statement {
    sid       = "ReadKey"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.api_key.arn]
  }

  statement {
    sid       = "DecryptKey"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role_policy" "read_key" {
  for_each = var.agent_roles

  name   = "read-datadog-key"
  role   = each.value
  policy = data.aws_iam_policy_document.read_key.json
}
