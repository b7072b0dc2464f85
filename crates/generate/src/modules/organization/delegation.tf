# The security account watches over all others; the account that manages the organization is left for that alone.
resource "aws_organizations_delegated_administrator" "this" {
  for_each = toset([
    "access-analyzer.amazonaws.com",
    "config-multiaccountsetup.amazonaws.com",
    "config.amazonaws.com",
  ])

  account_id        = local.account_ids[var.security_account]
  service_principal = each.key

  depends_on = [aws_organizations_organization.this]
}

# GuardDuty looks at one region at a time.
resource "aws_guardduty_organization_admin_account" "this" {
  for_each = toset(length(var.regions) == 0 ? [data.aws_region.current.region] : var.regions)

  region           = each.key
  admin_account_id = local.account_ids[var.security_account]

  depends_on = [aws_organizations_organization.this]
}

resource "aws_securityhub_organization_admin_account" "this" {
  admin_account_id = local.account_ids[var.security_account]

  depends_on = [aws_organizations_organization.this]
}
