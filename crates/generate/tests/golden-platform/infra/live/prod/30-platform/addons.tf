locals {
  # Nodes are not ready without these.
  addons_before_nodes = {
    # Gives pods their role in AWS without a key.
    # Version: Default version by describe-addon-versions in ap-northeast-2, 2026-08-04, in a public
    # deployment (2026-11); ask `aws eks describe-addon-versions` before the first apply.
    eks-pod-identity-agent = {
      version = "v1.3.10-eksbuild.3"
    }

    # Lets pods reach services by name and address.
    # Version: Default version by describe-addon-versions in ap-northeast-2, 2026-08-04, in a public
    # deployment (2026-11); ask `aws eks describe-addon-versions` before the first apply.
    kube-proxy = {
      version = "v1.35.3-eksbuild.17"
    }

    # Gives every pod an address of the network, and keeps namespaces apart by network policies.
    # Version: Default version by describe-addon-versions in ap-northeast-2, 2026-08-04, in a public
    # deployment (2026-11); ask `aws eks describe-addon-versions` before the first apply.
    vpc-cni = {
      version = "v1.22.3-eksbuild.1"
      settings = jsonencode({
        enableNetworkPolicy = "true"
      })
      service_account = "aws-node"
      role_arn        = module.addon_identity["vpc-cni"].role_arn
    }
  }

  # These run on nodes.
  addons_on_nodes = {
    # Answers names within the cluster.
    # Version: Default version by describe-addon-versions in ap-northeast-2, 2026-08-04, in a public
    # deployment (2026-11); ask `aws eks describe-addon-versions` before the first apply.
    coredns = {
      version = "v1.13.2-eksbuild.11"
    }

    # Measures pods, so that they can be scaled.
    # Version: Default version by describe-addon-versions in ap-northeast-2, 2026-08-04, in a public
    # deployment (2026-11); ask `aws eks describe-addon-versions` before the first apply.
    metrics-server = {
      version = "v0.9.0-eksbuild.5"
    }
  }
}

module "addons_before_nodes" {
  source = "../../../modules/cluster-addons"

  cluster_name = module.cluster.name
  addons       = local.addons_before_nodes
}

module "addons_on_nodes" {
  source = "../../../modules/cluster-addons"

  cluster_name = module.cluster.name
  addons       = local.addons_on_nodes

  depends_on = [module.node_group]
}

locals {
  addon_identities = {
    # Exactly what it needs, and only its own service account.
    vpc-cni = {
      namespace        = "kube-system"
      service_account  = "aws-node"
      managed_policies = ["AmazonEKS_CNI_Policy"]
      statements       = {}
    }
  }
}

module "addon_identity" {
  source   = "../../../modules/pod-identity"
  for_each = local.addon_identities

  name             = "${local.name}-${each.key}"
  is_bound         = false
  cluster_name     = module.cluster.name
  namespace        = each.value.namespace
  service_account  = each.value.service_account
  managed_policies = each.value.managed_policies
  statements       = each.value.statements
}
