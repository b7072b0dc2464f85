mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

variables {
  name              = "school-prod-copy"
  vpc_id            = "vpc-1"
  staging_subnet_id = "subnet-0123456789abcdef0"
  source_addresses  = ["203.0.113.10"]
  installer_arns    = ["arn:aws:iam::123456789012:role/operator"]
  kms_key_arn       = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "only_agents_reach_the_replication_servers" {
  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.agent : "${rule.cidr_ipv4}:${rule.from_port}"] == ["203.0.113.10/32:1500"]
    error_message = "One port, from the servers of the source alone."
  }
}

run "copies_are_encrypted_and_servers_have_no_public_address" {
  assert {
    condition     = jsondecode(output.replication_configuration_template).ebsEncryption == "CUSTOM" && jsondecode(output.replication_configuration_template).ebsEncryptionKeyArn == var.kms_key_arn
    error_message = "Copies are encrypted under the key that was given."
  }

  assert {
    condition     = !jsondecode(output.launch_configuration_template).associatePublicIpAddress && !jsondecode(output.replication_configuration_template).associateDefaultSecurityGroup
    error_message = "What is launched has no public address, and the service brings no group of its own."
  }
}

run "agents_are_installed_by_named_people_for_an_hour" {
  assert {
    condition     = data.aws_iam_policy_document.installer.statement[0].principals == toset([{ type = "AWS", identifiers = toset(var.installer_arns) }]) && aws_iam_role.installer.max_session_duration == 3600
    error_message = "Nobody else takes the role on."
  }
}

run "an_account_that_used_the_service_keeps_its_roles" {
  command = plan

  variables {
    create_service_roles = false
  }

  assert {
    condition     = length(aws_iam_role.service) == 0 && length(aws_iam_instance_profile.service) == 0
    error_message = "The roles are there already."
  }
}

run "everybody_is_refused" {
  command = plan

  variables {
    installer_arns = ["*"]
  }

  expect_failures = [var.installer_arns]
}

# A project and an environment of 24 characters each leave no more.
run "the_longest_name_is_one_that_iam_takes" {
  command = plan

  variables {
    name = "abcdefghijklmnopqrstuvwx-abcdefghijklmnopqrstuvwx-copy"
  }

  assert {
    condition     = length(aws_iam_role.installer.name) <= 64
    error_message = "A role has 64 characters."
  }
}
