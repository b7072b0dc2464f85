locals {
  is_bottlerocket = startswith(var.ami_type, "BOTTLEROCKET")

  # Bottlerocket keeps its system on the first disk, images and logs on the second.
  data_device = local.is_bottlerocket ? "/dev/xvdb" : "/dev/xvda"

  # EKS adds what joins the node to the cluster.
  bottlerocket_settings = "[settings.kubernetes]\nmax-pods = ${var.pods_max}\n"

  al2023_settings = join("\n", [
    "MIME-Version: 1.0",
    "Content-Type: multipart/mixed; boundary=\"//\"",
    "",
    "--//",
    "Content-Type: application/node.eks.aws",
    "",
    jsonencode({
      apiVersion = "node.eks.aws/v1alpha1"
      kind       = "NodeConfig"
      spec       = { kubelet = { config = { maxPods = var.pods_max } } }
    }),
    "--//--",
    "",
  ])
}

data "aws_default_tags" "current" {}

resource "aws_launch_template" "this" {
  name_prefix            = "${var.name}-"
  vpc_security_group_ids = var.security_group_ids
  update_default_version = true
  user_data              = base64encode(local.is_bottlerocket ? local.bottlerocket_settings : local.al2023_settings)

  block_device_mappings {
    device_name = local.data_device

    ebs {
      volume_type           = "gp3"
      volume_size           = var.disk_gib
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      delete_on_termination = true
    }
  }

  dynamic "block_device_mappings" {
    for_each = local.is_bottlerocket ? ["/dev/xvda"] : []

    content {
      device_name = block_device_mappings.value

      ebs {
        volume_type           = "gp3"
        volume_size           = 4
        encrypted             = true
        kms_key_id            = var.kms_key_arn
        delete_on_termination = true
      }
    }
  }

  # One hop: pods have roles of their own and do not reach the node's.
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  # The provider's default tags do not reach what EKS launches.
  tag_specifications {
    resource_type = "instance"
    tags          = merge(data.aws_default_tags.current.tags, { Name = var.name, Environment = var.environment })
  }

  tag_specifications {
    resource_type = "volume"
    tags          = merge(data.aws_default_tags.current.tags, { Name = var.name, Environment = var.environment })
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_eks_node_group" "this" {
  node_group_name = var.name
  cluster_name    = var.cluster_name
  version         = var.kubernetes_version
  node_role_arn   = aws_iam_role.this.arn
  subnet_ids      = var.subnet_ids

  ami_type       = var.ami_type
  instance_types = [var.instance_type]
  labels         = var.labels

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  scaling_config {
    min_size     = var.min_size
    desired_size = var.desired_size
    max_size     = var.max_size
  }

  update_config {
    max_unavailable = var.replaced_at_once
  }

  # A node that stays unhealthy is replaced.
  node_repair_config {
    enabled = true
  }

  dynamic "taint" {
    for_each = var.taints

    content {
      key    = taint.key
      value  = taint.value.value
      effect = taint.value.effect
    }
  }

  # A node that comes up before its rights cannot join, and one that outlives them cannot leave.
  depends_on = [aws_iam_role_policy_attachment.this]

  lifecycle {
    # The autoscaler sets it from now on.
    ignore_changes = [scaling_config[0].desired_size]
  }
}
