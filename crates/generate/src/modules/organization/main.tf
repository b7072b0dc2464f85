data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  root_id     = aws_organizations_organization.this.roots[0].id
  account_ids = { for key, account in aws_organizations_account.this : key => account.id }
}

# If the company has an organization already, take it over before the first apply:
#   import { to = module.organization.aws_organizations_organization.this, id = "o-EXAMPLE" }
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
    # AWS tells the role's name to nobody, so that of an imported account would look like a change.
    ignore_changes = [role_name]
  }
}
