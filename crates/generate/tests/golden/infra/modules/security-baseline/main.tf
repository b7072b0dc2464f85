# An account has one detector and one hub in each region, one recorder and one delivery channel. What it has already is taken over by the import blocks of the root.
data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

# Where an organization watches over the account, detector and hub are switched on from there.
resource "aws_guardduty_detector" "this" {
  count = var.is_watched ? 0 : 1

  #checkov:skip=CKV2_AWS_3:In every region it is switched on by the organization, where there is one
  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"
}

moved {
  from = aws_guardduty_detector.this
  to   = aws_guardduty_detector.this[0]
}

resource "aws_guardduty_detector_feature" "this" {
  for_each = toset(var.is_watched ? [] : ["EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "S3_DATA_EVENTS"])

  detector_id = aws_guardduty_detector.this[0].id
  name        = each.key
  status      = "ENABLED"
}

resource "aws_securityhub_account" "this" {
  count = var.is_watched ? 0 : 1

  enable_default_standards = false
  auto_enable_controls     = true
}

moved {
  from = aws_securityhub_account.this
  to   = aws_securityhub_account.this[0]
}

resource "aws_securityhub_standards_subscription" "this" {
  for_each = toset(var.is_watched ? [] : var.standards)

  standards_arn = "arn:${data.aws_partition.current.partition}:securityhub:${data.aws_region.current.region}::${each.key}"

  depends_on = [aws_securityhub_account.this]
}

resource "aws_accessanalyzer_analyzer" "this" {
  analyzer_name = var.name
  type          = "ACCOUNT"
}

# What nobody remembers to switch on for each disk, bucket and snapshot.
resource "aws_ebs_encryption_by_default" "this" {
  enabled = true
}

resource "aws_ebs_snapshot_block_public_access" "this" {
  state = "block-all-sharing"
}

resource "aws_s3_account_public_access_block" "this" {
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_ec2_instance_metadata_defaults" "this" {
  http_tokens                 = "required"
  http_put_response_hop_limit = 1
}

# People come in through the identity centre; this holds for users that somebody makes all the same.
resource "aws_iam_account_password_policy" "this" {
  minimum_password_length        = 14
  require_lowercase_characters   = true
  require_uppercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  password_reuse_prevention      = 24
  max_password_age               = 90
  allow_users_to_change_password = true
}
