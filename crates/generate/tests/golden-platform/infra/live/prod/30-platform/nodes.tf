locals {
  node_groups = {
    # An environment of its own: its nodes reach its own stores only, and a test cannot take what
    # others need.
    # Type: Of the types that were weighed it holds what runs today for the least: 6 x c7i.4xlarge
    # in 3 zones.
    # Image: It holds nothing but what runs containers: no shell, no package manager, a root that
    # cannot be written.
    # Size: 2 in each zone hold what runs today and a release, or what runs today with one zone
    # lost; 4 all that may ever run at once.
    prod = {
      environment      = "prod"
      instance_type    = "c7i.4xlarge"
      ami_type         = "BOTTLEROCKET_x86_64"
      disk_gib         = 50
      min_size         = 6
      desired_size     = 6
      max_size         = 12
      replaced_at_once = 1
      pods_max         = 234
      zones            = ["a", "b", "c"]
      security_group   = "nodes-prod"
      labels = {
        environment = "prod"
      }
      taints = {}
    }

    # An environment of its own: its nodes reach its own stores only, and a test cannot take what
    # others need.
    # Type: Of the types that were weighed it holds what runs today for the least: 3 x t3.medium in
    # 3 zones.
    # Image: It holds nothing but what runs containers: no shell, no package manager, a root that
    # cannot be written.
    # Size: 1 in each zone hold what runs today and a release, while every zone is up; 2 all that
    # may ever run at once.
    staging = {
      environment      = "staging"
      instance_type    = "t3.medium"
      ami_type         = "BOTTLEROCKET_x86_64"
      disk_gib         = 50
      min_size         = 3
      desired_size     = 3
      max_size         = 6
      replaced_at_once = 1
      pods_max         = 17
      zones            = ["a", "b", "c"]
      security_group   = "nodes-staging"
      labels = {
        environment = "staging"
      }
      taints = {
        environment = { value = "staging", effect = "NO_SCHEDULE" }
      }
    }
  }
}

module "node_group" {
  source   = "../../../modules/node-group"
  for_each = local.node_groups

  name         = "${local.name}-${each.key}"
  cluster_name = module.cluster.name

  # A variable of its own would let the nodes run ahead of the cluster by mistake.
  kubernetes_version = module.cluster.version
  environment        = each.value.environment
  instance_type      = each.value.instance_type
  ami_type           = each.value.ami_type
  disk_gib           = each.value.disk_gib
  min_size           = each.value.min_size
  desired_size       = each.value.desired_size
  max_size           = each.value.max_size
  replaced_at_once   = each.value.replaced_at_once
  pods_max           = each.value.pods_max
  labels             = each.value.labels
  taints             = each.value.taints

  subnet_ids         = [for zone in each.value.zones : data.terraform_remote_state.network.outputs.app_subnet_ids[zone]]
  security_group_ids = [module.cluster.security_group_id, data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]
  kms_key_arn        = data.terraform_remote_state.security.outputs.kms_key_arns["compute"]

  depends_on = [module.addons_before_nodes]
}
