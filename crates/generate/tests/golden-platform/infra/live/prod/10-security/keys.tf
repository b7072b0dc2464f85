locals {
  keys = {
    # One key for each class of data, rotated every year.
    cluster = {
      description  = "Secrets within the cluster and images of applications"
      used_through = ["ecr", "eks"]
    }

    # One key for each class of data, rotated every year.
    compute = {
      description  = "Disks of servers"
      used_through = ["ec2"]
    }

    # One key for each class of data, rotated every year.
    data = {
      description  = "Databases, caches and files, their backups and their passwords, and settings of applications"
      used_through = ["backup", "elasticache", "rds", "secretsmanager"]
    }
  }
}

module "key" {
  source   = "../../../modules/encryption-key"
  for_each = local.keys

  name         = "${local.name}-${each.key}"
  description  = "${each.value.description} of ${local.name}"
  used_through = each.value.used_through
}
