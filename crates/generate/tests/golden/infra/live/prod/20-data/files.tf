locals {
  shared_files = {
    # Replaces volume uploads of school-web-01; a disk cannot follow servers that replace
    # themselves, so all of them mount one file system.
    # Source: vol-1.
    uploads = {
      security_group = "files-uploads"
    }
  }
}

module "shared_files" {
  source   = "../../../modules/shared-files"
  for_each = local.shared_files

  name               = "${local.name}-${each.key}"
  subnet_ids         = data.terraform_remote_state.network.outputs.app_subnet_ids
  security_group_ids = [data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]
  kms_key_arn        = data.terraform_remote_state.security.outputs.kms_key_arns["data"]
}
