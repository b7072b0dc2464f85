# Runs in the security account. GuardDuty and Security Hub were switched on in it when it became their administrator, so they are found and not made.
data "aws_partition" "current" {}
data "aws_region" "current" {}

data "aws_guardduty_detector" "this" {
  for_each = toset(var.regions)

  region = each.key
}

resource "aws_guardduty_organization_configuration" "this" {
  for_each = toset(var.regions)

  region                           = each.key
  detector_id                      = data.aws_guardduty_detector.this[each.key].id
  auto_enable_organization_members = "ALL"
}

resource "aws_guardduty_organization_configuration_feature" "this" {
  for_each = { for pair in setproduct(var.regions, var.guardduty_features) : "${pair[0]}-${pair[1]}" => { region = pair[0], feature = pair[1] } }

  region      = each.value.region
  detector_id = data.aws_guardduty_detector.this[each.value.region].id
  name        = each.value.feature
  auto_enable = "ALL"

  depends_on = [aws_guardduty_organization_configuration.this]
}

# Findings of every region in use come together here; central configuration asks for it.
resource "aws_securityhub_finding_aggregator" "this" {
  linking_mode      = length(var.regions) > 1 ? "SPECIFIED_REGIONS" : "NO_REGIONS"
  specified_regions = length(var.regions) > 1 ? [for region in var.regions : region if region != data.aws_region.current.region] : null
}

resource "aws_securityhub_organization_configuration" "this" {
  auto_enable           = false
  auto_enable_standards = "NONE"

  organization_configuration {
    configuration_type = "CENTRAL"
  }

  depends_on = [aws_securityhub_finding_aggregator.this]
}

resource "aws_securityhub_configuration_policy" "this" {
  name        = var.name
  description = "What every account of the organization is measured by."

  configuration_policy {
    service_enabled       = true
    enabled_standard_arns = [for standard in var.standards : "arn:${data.aws_partition.current.partition}:securityhub:${data.aws_region.current.region}::${standard}"]

    security_controls_configuration {
      disabled_control_identifiers = []
    }
  }

  depends_on = [aws_securityhub_organization_configuration.this]
}

resource "aws_securityhub_configuration_policy_association" "this" {
  policy_id = aws_securityhub_configuration_policy.this.id
  target_id = var.root_id
}

resource "aws_accessanalyzer_analyzer" "this" {
  analyzer_name = var.name
  type          = "ORGANIZATION"
}
