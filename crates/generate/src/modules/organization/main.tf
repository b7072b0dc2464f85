data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  root_id     = aws_organizations_organization.this.roots[0].id
  account_ids = { for key, account in aws_organizations_account.this : key => account.id }
}

# One that the company has already is taken over by the import blocks of the root.
resource "aws_organizations_organization" "this" {
  feature_set          = "ALL"
  enabled_policy_types = ["SERVICE_CONTROL_POLICY"]

  # Services that may look into every account.
  aws_service_access_principals = [
    "access-analyzer.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config-multiaccountsetup.amazonaws.com",
    "config.amazonaws.com",
    "guardduty.amazonaws.com",
    "malware-protection.guardduty.amazonaws.com",
    "securityhub.amazonaws.com",
    "sso.amazonaws.com",
  ]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_organizations_organizational_unit" "this" {
  for_each = toset([for account in var.accounts : account.unit])

  name      = each.key
  parent_id = local.root_id
}

# An account takes minutes to make, and ninety days to close. Its address can never be used for another one.
resource "aws_organizations_account" "this" {
  for_each = var.accounts

  name              = "${var.name}-${each.key}"
  email             = each.value.email
  parent_id         = aws_organizations_organizational_unit.this[each.value.unit].id
  role_name         = var.role_name
  close_on_deletion = false

  lifecycle {
    prevent_destroy = true
    # AWS tells the role's name to nobody, and an account that was taken over keeps its name: neither is a change.
    ignore_changes = [name, role_name]
  }
}
