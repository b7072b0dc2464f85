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
  name            = "school-prod-web"
  cluster_name    = "school-prod"
  namespace       = "web"
  service_account = "web"

  statements = {
    ReadSecrets = {
      actions   = ["secretsmanager:GetSecretValue"]
      resources = ["arn:aws:secretsmanager:us-east-1:123456789012:secret:web"]
    }
    Decrypt = {
      actions   = ["kms:Decrypt"]
      resources = ["arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"]
      condition = { test = "StringEquals", variable = "kms:ViaService", values = ["secretsmanager.us-east-1.amazonaws.com"] }
    }
  }
}

run "only_eks_hands_the_role_out" {
  assert {
    condition     = one(one(data.aws_iam_policy_document.trust.statement).principals).identifiers == toset(["pods.eks.amazonaws.com"])
    error_message = "Nobody else may take the role on."
  }

  assert {
    condition = { for condition in one(data.aws_iam_policy_document.trust.statement).condition : condition.variable => one(condition.values) } == {
      "aws:RequestTag/eks-cluster-name"           = "school-prod"
      "aws:RequestTag/kubernetes-namespace"       = "web"
      "aws:RequestTag/kubernetes-service-account" = "web"
    }
    error_message = "And only to that service account of that cluster."
  }

  assert {
    condition     = aws_eks_pod_identity_association.this[0].namespace == "web" && aws_eks_pod_identity_association.this[0].service_account == "web"
    error_message = "The role is that of one service account."
  }
}

run "rights_are_those_that_were_named" {
  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.this.statement : statement.actions])) == toset(["secretsmanager:GetSecretValue", "kms:Decrypt"])
    error_message = "The role may do what was asked, and nothing else."
  }

  assert {
    condition     = length(aws_iam_role_policy.this) == 1 && length(aws_iam_role_policy_attachment.this) == 0
    error_message = "No policy of AWS was asked for."
  }
}

run "a_policy_of_aws_is_attached_by_name" {
  variables {
    managed_policies = ["AmazonEKS_CNI_Policy"]
    statements       = {}
    is_bound         = false
  }

  assert {
    condition     = aws_iam_role_policy_attachment.this["AmazonEKS_CNI_Policy"].policy_arn == "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy" && length(aws_iam_role_policy.this) == 0
    error_message = "There is no empty policy beside it."
  }

  assert {
    condition     = length(aws_eks_pod_identity_association.this) == 0
    error_message = "The add-on binds its role itself."
  }
}

run "whole_services_are_refused" {
  command = plan

  variables {
    statements = {
      Everything = { actions = ["s3:*"], resources = ["*"] }
    }
  }

  expect_failures = [var.statements]
}

run "policies_that_allow_everything_are_refused" {
  command = plan

  variables {
    managed_policies = ["AdministratorAccess"]
  }

  expect_failures = [var.managed_policies]
}
