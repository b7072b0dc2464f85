# One cluster for all environments: each has nodes and namespaces of its own, and a second control
# plane would cost as much as this one.
# Kubernetes 1.35. Of the versions whose dates are known its standard support ends last, on
# 2027-03-27; upgrades go one minor version at a time.
# Standard support of this version ends on 2027-03-27.
# Support: With STANDARD AWS upgrades the cluster by itself when the support ends, at a time of its
# choice; with EXTENDED it waits a year, at six times the price.
module "cluster" {
  source = "../../../modules/cluster"

  name                = "lms-prod"
  kubernetes_version  = "1.35"
  support_type        = "EXTENDED"
  service_cidr        = "172.20.0.0/20"
  public_access_cidrs = []
  log_types           = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  log_retention_days  = 90

  subnet_ids      = values(data.terraform_remote_state.network.outputs.app_subnet_ids)
  kms_key_arn     = data.terraform_remote_state.security.outputs.kms_key_arns["cluster"]
  log_kms_key_arn = data.terraform_remote_state.network.outputs.log_kms_key_arn

  access = { for key, entry in local.access : key => entry if entry.principal_arn != null }
}

locals {
  # The runner of the migration has an entry of its own, which goes away with it.
  access = {
    # The build machine changes what runs in the applications' namespaces, and nothing of the
    # cluster.
    deploy = {
      principal_arn = var.deploy_role_arn
      policy        = "AmazonEKSEditPolicy"
      namespaces    = ["courseware-pdf-renderer", "courseware-production", "courseware-staging"]
      groups        = ["custom-resource-editors"]
    }

    # It installs the cluster's charts.
    infrastructure = {
      principal_arn = var.infrastructure_role_arn
      policy        = "AmazonEKSClusterAdminPolicy"
      namespaces    = []
    }
  }
}
