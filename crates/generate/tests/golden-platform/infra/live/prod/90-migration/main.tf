locals {
  targets = {
    courseware-production-db = {
      security_group = "db-courseware-production-db"
      port           = 5432
      schemas        = ["d91b1134f-5f26"]
    }
    courseware-production-rep-96fed7 = {
      security_group = "db-courseware-production-rep-96fed7"
      port           = 5432
      schemas        = ["d05ac67ac-b882"]
    }
    courseware-staging-db = {
      security_group = "db-courseware-staging-db"
      port           = 5432
      schemas        = ["d5e84cb26-edc8"]
    }
  }
}

module "runner" {
  source = "../../../modules/migration-runner"

  name          = "${local.name}-runner"
  instance_type = "m7i.xlarge"
  disk_gib      = 50
  source_ports  = [5432]

  vpc_id                   = data.terraform_remote_state.network.outputs.vpc_id
  subnet_id                = data.terraform_remote_state.network.outputs.app_subnet_ids["a"]
  database_security_groups = { for key, target in local.targets : key => { id = data.terraform_remote_state.security.outputs.security_group_ids[target.security_group], port = target.port } }

  secret_arns      = compact(values(data.terraform_remote_state.data.outputs.master_secret_arns))
  data_kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns["data"]
  disk_kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns["compute"]
}
