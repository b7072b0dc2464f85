# A key cannot leave its region: the copies have their own.
module "copy_key" {
  source = "../../../modules/encryption-key"

  name         = "${local.name}-copies"
  description  = "Copies of backups of ${local.name}"
  region       = "ap-south-2"
  used_through = ["backup", "rds", "s3", "ec2", "elasticfilesystem"]
}

module "backup" {
  source = "../../../modules/backup"

  name           = local.name
  retention_days = 35
  resource_arns  = concat(values(data.terraform_remote_state.data.outputs.database_arns), [for bucket in data.terraform_remote_state.data.outputs.buckets : bucket.arn], [for files in data.terraform_remote_state.data.outputs.shared_files : files.arn])

  kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns["data"]

  copy_region         = "ap-south-2"
  copy_retention_days = 35
  copy_kms_key_arn    = module.copy_key.arn
}
