locals {
  targets = {
    school-core = {
      security_group = "db-school-core"
      port           = 3306
      schemas        = ["core"]
    }
    school-staging = {
      security_group = "db-school-staging"
      port           = 3306
      schemas        = []
    }
  }
}

module "runner" {
  source = "../../../modules/migration-runner"

  name          = "${local.name}-runner"
  instance_type = "m7i.xlarge"
  disk_gib      = 50
  source_ports  = [3306]

  vpc_id                   = data.terraform_remote_state.network.outputs.vpc_id
  subnet_id                = data.terraform_remote_state.network.outputs.app_subnet_ids["a"]
  database_security_groups = { for key, target in local.targets : key => { id = data.terraform_remote_state.security.outputs.security_group_ids[target.security_group], port = target.port } }

  secret_arns      = compact(values(data.terraform_remote_state.data.outputs.master_secret_arns))
  data_kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns["data"]
  disk_kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns["compute"]
}
