data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  identities = {
    # A role in place of keys that do not expire; give it what the application opens in AWS.
    # Source: ea97815a-2143-4eeb-a06e-82ff8e7c48da.
    app-courseware-pdf-renderer = {
      namespace        = "courseware-pdf-renderer"
      service_account  = "courseware-pdf-renderer"
      managed_policies = []
      statements       = {}
    }

    # A role in place of keys that do not expire; give it what the application opens in AWS.
    # Source: aef13ee6-a716-4835-b119-13cc405ddcf3.
    app-courseware-production = {
      namespace        = "courseware-production"
      service_account  = "courseware-production"
      managed_policies = []
      statements       = {}
    }

    # A role in place of keys that do not expire; give it what the application opens in AWS.
    # Source: e5b14e0e-d89e-4c45-b21f-b527f42df08f.
    app-courseware-staging = {
      namespace        = "courseware-staging"
      service_account  = "courseware-staging"
      managed_policies = []
      statements       = {}
    }

    # Exactly what it needs, and only its own service account.
    aws-load-balancer-controller = {
      namespace        = "kube-system"
      service_account  = "aws-load-balancer-controller"
      managed_policies = []
      statements = {
        BindPods = {
          actions = [
            "elasticloadbalancing:DeregisterTargets",
            "elasticloadbalancing:RegisterTargets",
          ]
          resources = [
            "arn:${data.aws_partition.current.partition}:elasticloadbalancing:${var.region}:${data.aws_caller_identity.current.account_id}:targetgroup/*",
          ]
        }
        LookAtNetwork = {
          actions = [
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeInstances",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
          ]
          resources = ["*"]
        }
      }
    }

    # Exactly what it needs, and only its own service account.
    cluster-autoscaler = {
      namespace        = "kube-system"
      service_account  = "cluster-autoscaler"
      managed_policies = []
      statements = {
        ScaleOwnGroups = {
          actions = [
            "autoscaling:SetDesiredCapacity",
            "autoscaling:TerminateInstanceInAutoScalingGroup",
          ]
          resources = ["*"]
          condition = { test = "StringEquals", variable = "aws:ResourceTag/k8s.io/cluster-autoscaler/${data.terraform_remote_state.platform.outputs.cluster_name}", values = ["owned"] }
        }
        LookAtGroups = {
          actions = [
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeLaunchConfigurations",
            "autoscaling:DescribeScalingActivities",
            "autoscaling:DescribeTags",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:GetInstanceTypesFromInstanceRequirements",
            "eks:DescribeNodegroup",
          ]
          resources = ["*"]
        }
      }
    }

    # Exactly what it needs, and only its own service account.
    external-secrets = {
      namespace        = "external-secrets"
      service_account  = "external-secrets"
      managed_policies = []
      statements = {
        ReadSecrets = {
          actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
          resources = [
            module.application_secrets.arns["lms/prod/courseware-pdf-renderer/settings"],
            module.application_secrets.arns["lms/prod/courseware-pdf-renderer/bound"],
            module.application_secrets.arns["lms/prod/courseware-production/settings"],
            module.application_secrets.arns["lms/prod/courseware-production/bound"],
            module.application_secrets.arns["lms/staging/courseware-staging/settings"],
            module.application_secrets.arns["lms/staging/courseware-staging/bound"],
          ]
        }
      }
    }

    # Exactly what it needs, and only its own service account.
    fluent-bit = {
      namespace        = "logging"
      service_account  = "fluent-bit"
      managed_policies = []
      statements = {
        WriteLogs = {
          actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
          resources = [
            "${data.terraform_remote_state.platform.outputs.application_log_group_arn}:*",
          ]
        }
      }
    }
  }
}

module "identity" {
  source   = "../../../modules/pod-identity"
  for_each = local.identities

  name             = "${local.name}-${each.key}"
  cluster_name     = data.terraform_remote_state.platform.outputs.cluster_name
  namespace        = each.value.namespace
  service_account  = each.value.service_account
  managed_policies = each.value.managed_policies
  statements       = each.value.statements
}
