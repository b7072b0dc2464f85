locals {
  repositories = {
    # An image is built once and goes from one environment to the next by its digest.
    # Source: 008adf82-6e59-4528-b497-dd061281a4aa, aef13ee6-a716-4835-b119-13cc405ddcf3,
    # e5b14e0e-d89e-4c45-b21f-b527f42df08f.
    courseware = {
      name           = "lms/courseware"
      images_kept    = 30
      encryption_key = "cluster"
    }

    # An image is built once and goes from one environment to the next by its digest.
    # Source: ea97815a-2143-4eeb-a06e-82ff8e7c48da.
    courseware-pdf-renderer = {
      name           = "lms/courseware-pdf-renderer"
      images_kept    = 30
      encryption_key = "cluster"
    }
  }
}

module "repository" {
  source   = "../../../modules/image-repository"
  for_each = local.repositories

  name        = each.value.name
  images_kept = each.value.images_kept
  kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns[each.value.encryption_key]
}
