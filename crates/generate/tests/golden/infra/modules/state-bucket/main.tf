resource "aws_s3_bucket" "state" {
  #checkov:skip=CKV_AWS_18:Reads of the state are recorded by the account's trail
  #checkov:skip=CKV_AWS_144:The state is rebuilt by import; versions guard against mistakes
  #checkov:skip=CKV_AWS_145:The state must be readable before the first key exists
  #checkov:skip=CKV2_AWS_61:Every version of the state is kept
  #checkov:skip=CKV2_AWS_62:Nobody waits for writes of the state
  bucket = var.bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "state" {
  bucket                  = aws_s3_bucket.state.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "state" {
  bucket = aws_s3_bucket.state.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

data "aws_iam_policy_document" "state" {
  dynamic "statement" {
    for_each = length(var.users) == 0 ? [] : [var.users]

    content {
      sid       = "UsedForStates"
      actions   = ["s3:GetObject", "s3:PutObject"]
      resources = ["${aws_s3_bucket.state.arn}/*"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.users) == 0 ? [] : [var.users]

    content {
      sid       = "ReleasedLocks"
      actions   = ["s3:DeleteObject"]
      resources = ["${aws_s3_bucket.state.arn}/*.tflock"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.users) == 0 ? [] : [var.users]

    content {
      sid       = "Listed"
      actions   = ["s3:ListBucket"]
      resources = ["${aws_s3_bucket.state.arn}"]

      principals {
        type        = "AWS"
        identifiers = statement.value
      }
    }
  }

  statement {
    sid       = "RefusedWithoutTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.state.arn, "${aws_s3_bucket.state.arn}/*"]

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

resource "aws_s3_bucket_policy" "state" {
  bucket = aws_s3_bucket.state.id
  policy = data.aws_iam_policy_document.state.json
}
