data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # Written out, because the bucket's policy names the trail before it exists.
  trail_arn = "arn:${data.aws_partition.current.partition}:cloudtrail:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:trail/${var.name}"
}

module "archive" {
  source = "../log-archive"

  name           = var.name
  lock_mode      = var.lock_mode
  lock_days      = var.lock_days
  retention_days = var.retention_days

  trail_arn  = local.trail_arn
  writers    = [data.aws_caller_identity.current.account_id]
  log_bucket = var.log_bucket
}

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_252:Alarms read the log group; nobody waits for single files of the trail
  name                       = var.name
  s3_bucket_name             = module.archive.bucket
  kms_key_id                 = module.archive.kms_key_arn
  is_multi_region_trail      = true
  enable_log_file_validation = true
  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.this.arn}:*"
  cloud_watch_logs_role_arn  = aws_iam_role.this.arn

  # CloudTrail tries whether it can write the log before it takes the role.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/${var.name}/audit-trail"
  retention_in_days = 365
  kms_key_id        = var.log_kms_key_arn
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }
}

data "aws_iam_policy_document" "write" {
  statement {
    sid       = "WriteTrail"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-trail"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "this" {
  name   = "write-trail"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.write.json
}
