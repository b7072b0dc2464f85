mock_provider "aws" {}

variables {
  cluster_name = "school-prod"

  addons = {
    vpc-cni    = { version = "v1.20.4-eksbuild.1", settings = "{\"env\":{}}", service_account = "aws-node", role_arn = "arn:aws:iam::123456789012:role/cni" }
    kube-proxy = { version = "v1.35.0-eksbuild.1" }
  }
}

run "versions_are_pinned_and_rights_are_the_addons_own" {
  command = plan

  assert {
    condition     = aws_eks_addon.this["vpc-cni"].addon_version == "v1.20.4-eksbuild.1" && aws_eks_addon.this["vpc-cni"].configuration_values == "{\"env\":{}}"
    error_message = "An add-on has the version and the settings that were given."
  }

  assert {
    condition     = one(aws_eks_addon.this["vpc-cni"].pod_identity_association).role_arn == "arn:aws:iam::123456789012:role/cni"
    error_message = "Its rights are those of its own service account."
  }

  assert {
    condition     = length(aws_eks_addon.this["kube-proxy"].pod_identity_association) == 0
    error_message = "An add-on without rights in AWS has no role."
  }

  assert {
    condition     = aws_eks_addon.this["kube-proxy"].resolve_conflicts_on_update == "PRESERVE"
    error_message = "What somebody changed in the cluster is not overwritten in silence."
  }
}

run "a_role_without_a_service_account_is_refused" {
  command = plan

  variables {
    addons = {
      vpc-cni = { version = "v1.20.4-eksbuild.1", role_arn = "arn:aws:iam::123456789012:role/cni" }
    }
  }

  expect_failures = [var.addons]
}
