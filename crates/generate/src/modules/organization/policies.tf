# What no account may do, whatever rights its own administrators give. The account that the organization is managed from is bound by none of it.
data "aws_iam_policy_document" "guardrails" {
  statement {
    sid       = "StayInTheOrganization"
    effect    = "Deny"
    actions   = ["organizations:LeaveOrganization"]
    resources = ["*"]
  }

  statement {
    sid       = "NoRootUser"
    effect    = "Deny"
    actions   = ["*"]
    resources = ["*"]

    condition {
      test     = "StringLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:${data.aws_partition.current.partition}:iam::*:root"]
    }
  }

  statement {
    sid    = "KeepTheWatch"
    effect = "Deny"
    actions = [
      "access-analyzer:DeleteAnalyzer",
      "cloudtrail:DeleteTrail",
      "cloudtrail:PutEventSelectors",
      "cloudtrail:StopLogging",
      "cloudtrail:UpdateTrail",
      "config:DeleteConfigurationRecorder",
      "config:DeleteDeliveryChannel",
      "config:StopConfigurationRecorder",
      "guardduty:DeleteDetector",
      "guardduty:DeleteMembers",
      "guardduty:DisassociateFromAdministratorAccount",
      "guardduty:DisassociateFromMasterAccount",
      "guardduty:DisassociateMembers",
      "guardduty:StopMonitoringMembers",
      "guardduty:UpdateDetector",
      "securityhub:BatchDisableStandards",
      "securityhub:DeleteMembers",
      "securityhub:DisableSecurityHub",
      "securityhub:DisassociateFromAdministratorAccount",
      "securityhub:DisassociateFromMasterAccount",
      "securityhub:DisassociateMembers",
    ]
    resources = ["*"]

    # Terraform comes in by this role, after review.
    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:${data.aws_partition.current.partition}:iam::*:role/${var.role_name}"]
    }
  }
}

# Services that have no region, or answer in one for all, stay open.
data "aws_iam_policy_document" "regions" {
  statement {
    sid    = "OnlyTheseRegions"
    effect = "Deny"
    not_actions = [
      "access-analyzer:*",
      "account:*",
      "aws-portal:*",
      "billing:*",
      "budgets:*",
      "ce:*",
      "cloudfront:*",
      "config:*",
      "consolidatedbilling:*",
      "cur:*",
      "ec2:DescribeRegions",
      "freetier:*",
      "globalaccelerator:*",
      "health:*",
      "iam:*",
      "identitystore:*",
      "invoicing:*",
      "kms:*",
      "notifications:*",
      "organizations:*",
      "payments:*",
      "pricing:*",
      "route53-recovery-*:*",
      "route53:*",
      "route53domains:*",
      "s3:GetAccountPublicAccessBlock",
      "s3:GetBucketLocation",
      "s3:ListAllMyBuckets",
      "s3:PutAccountPublicAccessBlock",
      "savingsplans:*",
      "shield:*",
      "sso:*",
      "sts:*",
      "support:*",
      "tag:GetResources",
      "tax:*",
      "trustedadvisor:*",
      "waf:*",
      "wafv2:*",
    ]
    resources = ["*"]

    condition {
      test     = "StringNotEquals"
      variable = "aws:RequestedRegion"
      values   = var.regions
    }
  }
}

# A policy takes 5120 characters, blanks counted.
resource "aws_organizations_policy" "this" {
  for_each = merge(
    { guardrails = data.aws_iam_policy_document.guardrails.minified_json },
    length(var.regions) == 0 ? {} : { regions = data.aws_iam_policy_document.regions.minified_json },
  )

  name    = "${var.name}-${each.key}"
  type    = "SERVICE_CONTROL_POLICY"
  content = each.value

  depends_on = [aws_organizations_organization.this]
}

resource "aws_organizations_policy_attachment" "this" {
  for_each = aws_organizations_policy.this

  policy_id = each.value.id
  target_id = local.root_id
}
