module "service" {
  source   = "../../../modules/service-asg"
  for_each = local.services

  name             = "${local.name}-${each.key}"
  environment      = each.value.environment
  instance_type    = each.value.instance_type
  root_device      = each.value.root_device
  root_disk_gib    = each.value.root_disk_gib
  min_size         = each.value.min_size
  desired_capacity = each.value.desired_capacity
  max_size         = each.value.max_size
  target_group     = each.value.target_group
  image_parameter  = lookup(data.terraform_remote_state.images.outputs.image_parameters, each.key, each.value.image_parameter)

  vpc_id             = data.terraform_remote_state.network.outputs.vpc_id
  subnet_ids         = values(data.terraform_remote_state.network.outputs.app_subnet_ids)
  security_group_ids = [data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]
  kms_key_arn        = data.terraform_remote_state.security.outputs.kms_key_arns["compute"]

  shared_files = { for key, path in try(local.shared_files[each.key], {}) : key => merge({ path = path }, data.terraform_remote_state.data.outputs.shared_files[key]) }
}
