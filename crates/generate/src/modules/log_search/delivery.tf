# Agents write here and not to the domain: lines wait in the stream while the domain is away, and every one is kept in the bucket as well. CloudWatch Logs
# cannot be a source of it: it puts many lines into one record, which the domain refuses.
resource "aws_kinesis_firehose_delivery_stream" "this" {
  name        = "${var.name}-logs"
  destination = "opensearch"

  opensearch_configuration {
    domain_arn            = aws_opensearch_domain.this.arn
    role_arn              = aws_iam_role.delivery.arn
    index_name            = "logs"
    index_rotation_period = "OneDay"
    buffering_interval    = 60
    buffering_size        = 5
    s3_backup_mode        = "AllDocuments"

    s3_configuration {
      role_arn            = aws_iam_role.delivery.arn
      bucket_arn          = var.log_bucket_arn
      prefix              = "applications/"
      error_output_prefix = "applications-failed/!{firehose:error-output-type}/"
      compression_format  = "GZIP"
      buffering_interval  = 300
    }

    vpc_config {
      role_arn           = aws_iam_role.delivery.arn
      subnet_ids         = var.delivery_subnet_ids
      security_group_ids = [aws_security_group.delivery.id]
    }

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.this.name
      log_stream_name = aws_cloudwatch_log_stream.delivery.name
    }
  }

  server_side_encryption {
    enabled  = true
    key_type = "CUSTOMER_MANAGED_CMK"
    key_arn  = var.kms_key_arn
  }

  depends_on = [aws_iam_role_policy.delivery]
}

resource "aws_cloudwatch_log_stream" "delivery" {
  name           = "delivery"
  log_group_name = aws_cloudwatch_log_group.this.name
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "delivery" {
  #checkov:skip=CKV_AWS_109:Network interfaces have no name before they are made, and what looks at a network knows no resource
  #checkov:skip=CKV_AWS_111:Network interfaces have no name before they are made, and what looks at a network knows no resource
  #checkov:skip=CKV_AWS_356:Network interfaces have no name before they are made, and what looks at a network knows no resource
  statement {
    sid       = "WriteLogs"
    actions   = ["es:DescribeDomain", "es:DescribeDomainConfig", "es:DescribeDomains", "es:ESHttpGet", "es:ESHttpPost", "es:ESHttpPut"]
    resources = [local.domain_arn, "${local.domain_arn}/*"]
  }

  statement {
    sid       = "KeepLogs"
    actions   = ["s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:PutObject"]
    resources = [var.log_bucket_arn, "${var.log_bucket_arn}/applications*"]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "TellFailures"
    actions   = ["logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  statement {
    sid = "ReachTheDomain"
    actions = [
      "ec2:CreateNetworkInterface",
      "ec2:CreateNetworkInterfacePermission",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcAttribute",
      "ec2:DescribeVpcs",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role" "delivery" {
  name               = "${var.name}-log-delivery"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "delivery" {
  name   = "deliver-logs"
  role   = aws_iam_role.delivery.id
  policy = data.aws_iam_policy_document.delivery.json
}

data "aws_iam_policy_document" "write" {
  statement {
    sid       = "WriteLogs"
    actions   = ["firehose:PutRecord", "firehose:PutRecordBatch"]
    resources = [aws_kinesis_firehose_delivery_stream.this.arn]
  }
}

resource "aws_iam_role_policy" "write" {
  for_each = var.writer_roles

  name   = "write-logs"
  role   = each.value
  policy = data.aws_iam_policy_document.write.json
}
