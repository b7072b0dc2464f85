data "aws_partition" "current" {}
data "aws_region" "current" {}
data "aws_default_tags" "current" {}

# What the parameter of the image holds until the first image is made.
data "aws_ssm_parameter" "parent" {
  name = var.parent_image_parameter
}

locals {
  managed_components = [
    for name in ["update-linux", "aws-cli-version-2-linux"] :
    "arn:${data.aws_partition.current.partition}:imagebuilder:${data.aws_region.current.region}:aws:component/${name}/x.x.x"
  ]

  # Components and recipes are never changed, only made anew: their names carry a part of the hash of their content.
  contents = { for key, document in var.documents : key => substr(sha256(document), 0, 8) }

  parameters = {
    Repository       = var.release.repository
    Revision         = var.release.revision
    ReleaseFolder    = var.release.folder
    CredentialSecret = var.release.credential_secret == null ? "none" : var.release.credential_secret
    Schedules        = var.schedules_run ? "on" : "off"
    Runtimes         = var.runtimes
  }

  recipe = substr(sha256(jsonencode([local.contents, local.parameters, var.parent_image_parameter, var.root_device, var.root_disk_gib, var.further_component_arns, var.kms_key_arn])), 0, 8)
  tags   = merge(data.aws_default_tags.current.tags, { Name = var.name })
}

resource "aws_imagebuilder_component" "this" {
  for_each = var.documents

  name                  = "${var.name}-${each.key}-${local.contents[each.key]}"
  description           = "What the servers of ${var.name} hold"
  version               = "1.0.0"
  platform              = "Linux"
  supported_os_versions = var.supported_os_versions
  data                  = each.value
  kms_key_id            = var.kms_key_arn

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = length(each.value) <= 16000
      error_message = "Image Builder takes a document of 16,000 characters: cut ${each.key} in two."
    }
  }
}

resource "aws_imagebuilder_image_recipe" "this" {
  name         = "${var.name}-${local.recipe}"
  version      = "1.0.0"
  parent_image = "ssm:${var.parent_image_parameter}"

  dynamic "component" {
    for_each = local.managed_components

    content {
      component_arn = component.value
    }
  }

  dynamic "component" {
    for_each = var.further_component_arns

    content {
      component_arn = component.value
    }
  }

  dynamic "component" {
    for_each = [for key in sort(keys(var.documents)) : aws_imagebuilder_component.this[key].arn]

    content {
      component_arn = component.value

      dynamic "parameter" {
        for_each = local.parameters

        content {
          name  = parameter.key
          value = parameter.value
        }
      }
    }
  }

  block_device_mapping {
    device_name = var.root_device

    ebs {
      volume_type           = "gp3"
      volume_size           = var.root_disk_gib
      encrypted             = true
      kms_key_id            = var.kms_key_arn
      delete_on_termination = true
    }
  }

  # Session Manager is how people reach the servers, so its agent stays.
  systems_manager_agent {
    uninstall_after_build = false
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_imagebuilder_infrastructure_configuration" "this" {
  name                          = var.name
  description                   = "The server that makes the image of ${var.name}"
  instance_profile_name         = aws_iam_instance_profile.this.name
  instance_types                = [var.instance_type]
  subnet_id                     = var.subnet_id
  security_group_ids            = [aws_security_group.this.id]
  terminate_instance_on_failure = true
  resource_tags                 = local.tags

  instance_metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  logging {
    s3_logs {
      s3_bucket_name = var.log_bucket
      s3_key_prefix  = "image-builder/${var.name}"
    }
  }
}

resource "aws_imagebuilder_distribution_configuration" "this" {
  name        = var.name
  description = "Where the images of ${var.name} go"

  distribution {
    region = data.aws_region.current.region

    ami_distribution_configuration {
      name       = "${var.name}-{{ imagebuilder:buildDate }}"
      kms_key_id = var.kms_key_arn
      ami_tags   = local.tags
    }

    ssm_parameter_configuration {
      parameter_name = aws_ssm_parameter.image.name
      data_type      = "aws:ec2:image"
    }
  }
}

resource "aws_imagebuilder_image_pipeline" "this" {
  name                             = var.name
  description                      = "Makes the image of ${var.name}"
  image_recipe_arn                 = aws_imagebuilder_image_recipe.this.arn
  infrastructure_configuration_arn = aws_imagebuilder_infrastructure_configuration.this.arn
  distribution_configuration_arn   = aws_imagebuilder_distribution_configuration.this.arn
  enhanced_image_metadata_enabled  = true
  status                           = "ENABLED"

  image_scanning_configuration {
    image_scanning_enabled = var.scan
  }

  image_tests_configuration {
    image_tests_enabled = true
    timeout_minutes     = 60
  }

  dynamic "schedule" {
    for_each = var.schedule_expression[*]

    content {
      schedule_expression                = schedule.value
      pipeline_execution_start_condition = "EXPRESSION_MATCH_AND_DEPENDENCY_UPDATES_AVAILABLE"
    }
  }
}

# Image Builder's own role may write parameters under /imagebuilder/ and no others.
resource "aws_ssm_parameter" "image" {
  #checkov:skip=CKV2_AWS_34:The id of an image is no secret, and parameters of images cannot be encrypted
  #checkov:skip=CKV_AWS_337:The id of an image is no secret, and parameters of images cannot be encrypted
  name        = "/imagebuilder/${var.name}"
  description = "The newest image of ${var.name}"
  type        = "String"
  data_type   = "aws:ec2:image"
  value       = data.aws_ssm_parameter.parent.insecure_value

  lifecycle {
    # The pipeline writes it from its first image on.
    ignore_changes = [value]
  }
}
