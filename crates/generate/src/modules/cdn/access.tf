# Only this distribution reads the bucket, and nobody without TLS.
data "aws_iam_policy_document" "bucket" {
  count = local.is_application ? 0 : 1

  dynamic "statement" {
    for_each = local.by_identity ? [] : [1]

    content {
      sid       = "ReadByDistribution"
      actions   = ["s3:GetObject"]
      resources = ["${var.bucket.arn}/*"]

      principals {
        type        = "Service"
        identifiers = ["cloudfront.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceArn"
        values   = [aws_cloudfront_distribution.this.arn]
      }
    }
  }

  dynamic "statement" {
    for_each = aws_cloudfront_origin_access_identity.this

    content {
      sid       = "ReadByIdentity"
      actions   = ["s3:GetObject"]
      resources = ["${var.bucket.arn}/*"]

      principals {
        type        = "AWS"
        identifiers = [statement.value.iam_arn]
      }
    }
  }

  statement {
    sid       = "RefusedWithoutTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [var.bucket.arn, "${var.bucket.arn}/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  count = local.is_application ? 0 : 1

  bucket = var.bucket.name
  policy = data.aws_iam_policy_document.bucket[0].json
}
