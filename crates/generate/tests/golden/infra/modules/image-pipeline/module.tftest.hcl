mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_region" {
    defaults = {
      region = "ap-south-1"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_data "aws_default_tags" {
    defaults = {
      tags = { Application = "school" }
    }
  }

  mock_data "aws_ssm_parameter" {
    defaults = {
      insecure_value = "ami-0123456789abcdef0"
    }
  }
}

variables {
  name                   = "school-prod-web"
  documents              = { "1-web" = "schemaVersion: 1.0" }
  parent_image_parameter = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
  root_device            = "/dev/sda1"
  root_disk_gib          = 50
  instance_type          = "c6i.large"
  vpc_id                 = "vpc-1"
  subnet_id              = "subnet-app-a"
  kms_key_arn            = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_bucket             = "school-prod-logs"
}

run "an_image_is_made_in_private_and_encrypted" {
  command = plan

  assert {
    condition     = tobool(one(aws_imagebuilder_image_recipe.this.block_device_mapping).ebs[0].encrypted) && one(aws_imagebuilder_image_recipe.this.block_device_mapping).ebs[0].kms_key_id == var.kms_key_arn
    error_message = "The disk of the image is encrypted under the key that was given."
  }

  assert {
    condition     = aws_imagebuilder_infrastructure_configuration.this.instance_metadata_options[0].http_tokens == "required" && aws_imagebuilder_infrastructure_configuration.this.key_pair == null
    error_message = "The server that makes it hands out credentials against a token, and nobody has a key to it."
  }

  assert {
    condition     = keys(aws_vpc_security_group_egress_rule.web) == ["443", "80"]
    error_message = "It fetches packages and the release, and nothing reaches it."
  }
}

run "the_newest_image_stands_in_a_parameter_that_the_pipeline_writes" {
  command = plan

  assert {
    condition     = aws_ssm_parameter.image.name == "/imagebuilder/school-prod-web" && aws_ssm_parameter.image.value == "ami-0123456789abcdef0"
    error_message = "Before the first image it holds the parent, under the path that Image Builder may write."
  }

  assert {
    condition     = one(one(aws_imagebuilder_distribution_configuration.this.distribution).ssm_parameter_configuration).parameter_name == "/imagebuilder/school-prod-web"
    error_message = "Each new image is written there."
  }

  assert {
    condition     = one(aws_imagebuilder_image_recipe.this.systems_manager_agent).uninstall_after_build == false
    error_message = "Servers keep the agent through which people reach them."
  }
}

run "before_the_switch_no_scheduled_work_runs" {
  command = plan

  assert {
    condition     = one([for parameter in aws_imagebuilder_image_recipe.this.component[2].parameter : parameter.value if parameter.name == "Schedules"]) == "off"
    error_message = "Work that still runs at the source must not run here."
  }
}

run "another_document_is_another_component_and_recipe" {
  command = plan

  variables {
    documents = { "1-web" = "schemaVersion: 1.0 # changed" }
  }

  assert {
    condition     = aws_imagebuilder_component.this["1-web"].name != "school-prod-web-1-web-${substr(sha256("schemaVersion: 1.0"), 0, 8)}"
    error_message = "Components cannot be changed, so their names carry their content."
  }
}

run "only_the_named_secret_is_read" {
  command = plan

  variables {
    release = {
      repository        = "https://git.school.example/web.git"
      revision          = "v1.2.3"
      folder            = "/srv/school"
      credential_secret = "school-prod-web-image/token"
    }
  }

  assert {
    condition     = one([for statement in data.aws_iam_policy_document.build.statement : one(statement.resources) if statement.sid == "ReadRepositoryToken"]) == "arn:aws:secretsmanager:ap-south-1:*:secret:school-prod-web-image/token-??????"
    error_message = "The role reads the token and no other secret."
  }
}

run "a_token_in_the_address_is_refused" {
  command = plan

  variables {
    release = {
      repository = "https://token@git.school.example/web.git"
      revision   = "v1.2.3"
      folder     = "/srv/school"
    }
  }

  expect_failures = [var.release]
}

# A project and an environment of 24 characters each leave eight for the service.
run "the_longest_name_is_one_that_aws_takes" {
  command = plan

  variables {
    name = "abcdefghijklmnopqrstuvwx-abcdefghijklmnopqrstuvwx-services"
  }

  assert {
    condition     = length(aws_iam_role.this.name) <= 64 && alltrue([for component in aws_imagebuilder_component.this : length(component.name) <= 128])
    error_message = "A role has 64 characters, a component 128."
  }
}
