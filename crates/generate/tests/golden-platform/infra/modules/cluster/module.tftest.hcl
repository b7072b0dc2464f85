mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

variables {
  name               = "school-prod"
  kubernetes_version = "1.35"
  support_type       = "STANDARD"
  service_cidr       = "172.18.0.0/20"
  subnet_ids         = ["subnet-app-a", "subnet-app-b"]
  log_retention_days = 365
  kms_key_arn        = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"

  access = {
    infrastructure = { principal_arn = "arn:aws:iam::123456789012:role/apply", policy = "AmazonEKSClusterAdminPolicy" }
    deploy-web     = { principal_arn = "arn:aws:iam::123456789012:role/deploy", policy = "AmazonEKSEditPolicy", namespaces = ["web"] }
    deploy-view    = { principal_arn = "arn:aws:iam::123456789012:role/deploy", policy = "AmazonEKSViewPolicy" }
  }
}

run "the_api_is_reached_inside_the_network_only" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "Without an address that may reach it, the API has no public endpoint."
  }

  assert {
    condition     = aws_eks_cluster.this.deletion_protection
    error_message = "Nobody deletes the cluster by mistake."
  }
}

run "secrets_and_logs_are_encrypted" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"]) && aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.kms_key_arn
    error_message = "Secrets of the cluster are enveloped under the key that was given."
  }

  assert {
    condition     = aws_eks_cluster.this.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "All five logs of the control plane are kept."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/eks/school-prod/cluster" && aws_cloudwatch_log_group.this.kms_key_id == var.log_kms_key_arn
    error_message = "EKS writes to a group of exactly this name, which is encrypted."
  }
}

run "rights_come_from_entries_alone" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Whoever creates the cluster has no rights for that alone."
  }

  assert {
    condition     = length(aws_eks_access_entry.this) == 2 && length(aws_eks_access_policy_association.this) == 3
    error_message = "A role has one entry, whatever it may do."
  }

  assert {
    condition     = aws_eks_access_policy_association.this["deploy-web"].access_scope[0].type == "namespace" && aws_eks_access_policy_association.this["deploy-web"].access_scope[0].namespaces == toset(["web"])
    error_message = "A right is bound to its namespaces."
  }

  assert {
    condition     = aws_eks_access_policy_association.this["infrastructure"].policy_arn == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    error_message = "Policies of EKS are named by their ARN."
  }
}

run "an_office_may_be_let_in" {
  command = plan

  variables {
    public_access_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "The API is open to that block and no other."
  }
}

run "everybody_is_refused" {
  command = plan

  variables {
    public_access_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.public_access_cidrs]
}

run "one_zone_is_refused" {
  command = plan

  variables {
    subnet_ids = ["subnet-app-a"]
  }

  expect_failures = [var.subnet_ids]
}

run "a_service_block_of_the_wrong_size_is_refused" {
  command = plan

  variables {
    service_cidr = "172.18.0.0/28"
  }

  expect_failures = [var.service_cidr]
}
