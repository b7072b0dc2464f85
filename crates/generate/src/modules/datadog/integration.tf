# Datadog looks into the account by this role, and only while it names the id that it gave for this account. Until that id is entered there is no role.
data "aws_iam_policy_document" "trust" {
  count = var.external_id == null ? 0 : 1

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${var.datadog_account_id}:root"]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

data "aws_partition" "current" {}

# It measures and reads no data: no object, no row, no secret, no line of a log.
data "aws_iam_policy_document" "look" {
  #checkov:skip=CKV_AWS_356:What lists and measures knows no single resource
  statement {
    sid = "Measure"
    actions = [
      "autoscaling:Describe*",
      "budgets:ViewBudget",
      "cloudfront:GetDistributionConfig",
      "cloudfront:ListDistributions",
      "cloudtrail:DescribeTrails",
      "cloudtrail:GetTrailStatus",
      "cloudwatch:Describe*",
      "cloudwatch:Get*",
      "cloudwatch:List*",
      "ec2:Describe*",
      "eks:DescribeCluster",
      "eks:ListClusters",
      "elasticache:Describe*",
      "elasticache:List*",
      "elasticloadbalancing:Describe*",
      "es:DescribeDomains",
      "es:ListDomainNames",
      "es:ListTags",
      "health:DescribeAffectedEntities",
      "health:DescribeEventDetails",
      "health:DescribeEvents",
      "rds:Describe*",
      "rds:ListTagsForResource",
      "route53:ListHostedZones",
      "s3:GetBucketLocation",
      "s3:GetBucketTagging",
      "s3:ListAllMyBuckets",
      "sns:ListTopics",
      "tag:GetResources",
      "tag:GetTagKeys",
      "tag:GetTagValues",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role" "integration" {
  count = var.external_id == null ? 0 : 1

  name               = "${var.name}-datadog"
  assume_role_policy = data.aws_iam_policy_document.trust[0].json
}

resource "aws_iam_role_policy" "integration" {
  count = var.external_id == null ? 0 : 1

  name   = "look"
  role   = aws_iam_role.integration[0].id
  policy = data.aws_iam_policy_document.look.json
}
