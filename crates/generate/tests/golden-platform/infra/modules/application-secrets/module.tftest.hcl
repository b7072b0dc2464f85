mock_provider "aws" {}

variables {
  secrets     = { "school/prod/web" = "Settings of web" }
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "a_secret_is_made_without_a_value" {
  command = plan

  assert {
    condition     = aws_secretsmanager_secret.this["school/prod/web"].kms_key_id == var.kms_key_arn
    error_message = "It is encrypted under the key that was given."
  }

  assert {
    condition     = aws_secretsmanager_secret.this["school/prod/web"].recovery_window_in_days == 30
    error_message = "A deletion can be taken back for 30 days."
  }
}
