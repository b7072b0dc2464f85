data "aws_partition" "current" {}

# The runner finds the cluster's address, and reaches it inside the network.
data "aws_iam_policy_document" "cluster" {
  statement {
    sid       = "FindCluster"
    actions   = ["eks:DescribeCluster"]
    resources = [data.terraform_remote_state.platform.outputs.cluster_arn]
  }
}

resource "aws_iam_role_policy" "cluster" {
  name   = "find-cluster"
  role   = module.runner.role_name
  policy = data.aws_iam_policy_document.cluster.json
}

resource "aws_vpc_security_group_ingress_rule" "cluster" {
  description                  = "The runner of the migration"
  security_group_id            = data.terraform_remote_state.platform.outputs.cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  referenced_security_group_id = module.runner.security_group_id

  tags = {
    Name = "${local.name}-runner"
  }
}

resource "aws_eks_access_entry" "runner" {
  cluster_name      = data.terraform_remote_state.platform.outputs.cluster_name
  principal_arn     = module.runner.role_arn
  kubernetes_groups = ["custom-resource-editors"]
}

# The cutover starts and stops workloads; the entry goes with the migration's own resources.
resource "aws_eks_access_policy_association" "migration" {
  cluster_name  = data.terraform_remote_state.platform.outputs.cluster_name
  principal_arn = aws_eks_access_entry.runner.principal_arn
  policy_arn    = "arn:${data.aws_partition.current.partition}:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"

  access_scope {
    type       = "namespace"
    namespaces = ["courseware-pdf-renderer", "courseware-production", "courseware-staging"]
  }
}
