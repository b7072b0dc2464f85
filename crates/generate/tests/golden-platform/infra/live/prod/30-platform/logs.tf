resource "aws_cloudwatch_log_group" "applications" {
  name              = "/${local.name}/applications"
  retention_in_days = 365
  kms_key_id        = data.terraform_remote_state.network.outputs.log_kms_key_arn
}
