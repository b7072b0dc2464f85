data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-image"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = toset(["AmazonSSMManagedInstanceCore", "EC2InstanceProfileForImageBuilder"])

  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.key}"
}

data "aws_iam_policy_document" "build" {
  statement {
    sid       = "WriteLog"
    actions   = ["s3:PutObject"]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::${var.log_bucket}/image-builder/${var.name}/*"]
  }

  # The token for the repository of the application; a person writes it.
  dynamic "statement" {
    for_each = var.release.credential_secret[*]

    content {
      sid       = "ReadRepositoryToken"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = ["arn:${data.aws_partition.current.partition}:secretsmanager:${data.aws_region.current.region}:*:secret:${statement.value}-??????"]
    }
  }
}

resource "aws_iam_role_policy" "build" {
  name   = "build"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.build.json
}

resource "aws_iam_instance_profile" "this" {
  name = "${var.name}-image"
  role = aws_iam_role.this.name
}
