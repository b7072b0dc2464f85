locals {
  buckets = {
    # Replaces bucket school-media; its objects are copied before the switch.
    # Source: school-media.
    school-media = {
      name         = "edtech-prod-school-media"
      is_delivered = true
    }
  }
}

module "bucket" {
  source   = "../../../modules/object-bucket"
  for_each = local.buckets

  # All of AWS shares the names of buckets.
  name = "${each.value.name}-${data.aws_caller_identity.current.account_id}"

  # What a distribution shows to everybody needs no key of its own, and the distribution writes the
  # policy.
  kms_key_arn    = each.value.is_delivered ? null : data.terraform_remote_state.security.outputs.kms_key_arns["data"]
  has_own_policy = each.value.is_delivered
  log_bucket     = data.terraform_remote_state.security.outputs.log_bucket
}
