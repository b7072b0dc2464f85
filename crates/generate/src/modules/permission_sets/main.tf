# The identity centre is switched on once, by hand, for the whole organization; it is found here and not made.
data "aws_ssoadmin_instances" "this" {}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  instance_arn      = one(data.aws_ssoadmin_instances.this.arns)
  identity_store_id = one(data.aws_ssoadmin_instances.this.identity_store_ids)

  attachments = merge([
    for name, set in var.permission_sets : {
      for policy in set.managed_policies : "${name}-${policy}" => { set = name, policy = policy }
    }
  ]...)

  # In an organization each set names the accounts that it holds for; else it holds for this one.
  own_account = { for name, set in var.permission_sets : name => { set = name, account = data.aws_caller_identity.current.account_id } if length(set.accounts) == 0 }
  by_account = merge([
    for name, set in var.permission_sets : {
      for account, id in set.accounts : "${name}-${account}" => { set = name, account = id }
    }
  ]...)
}

resource "aws_ssoadmin_permission_set" "this" {
  for_each = var.permission_sets

  instance_arn     = local.instance_arn
  name             = each.key
  description      = each.value.description
  session_duration = each.value.session_duration
}

resource "aws_ssoadmin_managed_policy_attachment" "this" {
  for_each = local.attachments

  instance_arn       = local.instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.this[each.value.set].arn
  managed_policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value.policy}"
}

resource "aws_ssoadmin_permission_set_inline_policy" "this" {
  for_each = { for name, set in var.permission_sets : name => set.inline_policy if set.inline_policy != null }

  instance_arn       = local.instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.this[each.key].arn
  inline_policy      = each.value
}

# Groups come from the company's own directory.
data "aws_identitystore_group" "this" {
  for_each = var.permission_sets

  identity_store_id = local.identity_store_id

  alternate_identifier {
    unique_attribute {
      attribute_path  = "DisplayName"
      attribute_value = each.value.group
    }
  }
}

resource "aws_ssoadmin_account_assignment" "this" {
  for_each = merge(local.own_account, local.by_account)

  instance_arn       = local.instance_arn
  permission_set_arn = aws_ssoadmin_permission_set.this[each.value.set].arn
  principal_type     = "GROUP"
  principal_id       = data.aws_identitystore_group.this[each.value.set].group_id
  target_type        = "AWS_ACCOUNT"
  target_id          = each.value.account
}
