module "image" {
  source   = "../../../modules/image-pipeline"
  for_each = local.images

  name                   = "${local.name}-${each.key}"
  documents              = { for index, name in each.value.documents : format("%02d", index + 1) => file("${path.module}/components/${name}") }
  parent_image_parameter = each.value.parent_image_parameter
  root_device            = each.value.root_device
  root_disk_gib          = each.value.root_disk_gib
  instance_type          = each.value.instance_type

  release = try(var.releases[each.key], {
    repository = "none"
    revision   = "none"
    folder     = "none"
  })
  runtimes               = var.runtimes
  schedules_run          = var.schedules_run
  further_component_arns = lookup(var.further_component_arns, each.key, [])

  vpc_id      = data.terraform_remote_state.network.outputs.vpc_id
  subnet_id   = data.terraform_remote_state.network.outputs.app_subnet_ids["a"]
  kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns["compute"]
  log_bucket  = data.terraform_remote_state.security.outputs.log_bucket
}
