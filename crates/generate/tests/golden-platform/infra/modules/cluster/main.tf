resource "aws_eks_cluster" "this" {
  #checkov:skip=CKV_AWS_339:The list of the check ends before the versions that EKS supports today; the design chose this one from a dated list
  name     = var.name
  version  = var.kubernetes_version
  role_arn = aws_iam_role.this.arn

  # Networking and names come as add-ons of known versions, not as whatever EKS puts there first.
  bootstrap_self_managed_addons = false
  enabled_cluster_log_types     = var.log_types
  deletion_protection           = true

  vpc_config {
    subnet_ids              = var.subnet_ids
    security_group_ids      = var.security_group_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.public_access_cidrs) > 0
    public_access_cidrs     = length(var.public_access_cidrs) > 0 ? var.public_access_cidrs : null
  }

  kubernetes_network_config {
    service_ipv4_cidr = var.service_cidr
  }

  # Rights come from the entries below. Whoever creates the cluster has none of it for that alone.
  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = var.kms_key_arn
    }
  }

  upgrade_policy {
    support_type = var.support_type
  }

  # Lets AWS, or a person, take a zone that fails out of traffic.
  zonal_shift_config {
    enabled = true
  }

  # EKS would make the log group itself, without a key and for ever.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.secrets, aws_iam_role_policy_attachment.this]

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:How long they are kept is a decision of the design; calls of AWS are in the audit trail for years
  name              = "/aws/eks/${var.name}/cluster"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
}
