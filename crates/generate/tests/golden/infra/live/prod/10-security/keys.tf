locals {
  keys = {
    # One key for each class of data, rotated every year.
    compute = {
      description  = "Disks and images of servers"
      used_through = ["ec2", "imagebuilder"]
    }

    # One key for each class of data, rotated every year.
    data = {
      description  = "Databases, caches and files, their backups and their passwords"
      used_through = ["backup", "elasticache", "elasticfilesystem", "rds", "s3", "secretsmanager"]
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
