# Roles of the service, under the names that it looks for. An account that used the service before has them: set create_service_roles to false there.
locals {
  service_roles = {
    AWSApplicationMigrationReplicationServerRole     = { trusted = "ec2.amazonaws.com", policies = ["service-role/AWSApplicationMigrationReplicationServerPolicy"] }
    AWSApplicationMigrationConversionServerRole      = { trusted = "ec2.amazonaws.com", policies = ["service-role/AWSApplicationMigrationConversionServerPolicy"] }
    AWSApplicationMigrationLaunchInstanceWithSsmRole = { trusted = "ec2.amazonaws.com", policies = ["AmazonSSMManagedInstanceCore"] }
    AWSApplicationMigrationLaunchInstanceWithDrsRole = { trusted = "ec2.amazonaws.com", policies = ["AmazonSSMManagedInstanceCore", "service-role/AWSElasticDisasterRecoveryEc2InstancePolicy"] }
    AWSApplicationMigrationMGHRole                   = { trusted = "mgn.amazonaws.com", policies = ["service-role/AWSApplicationMigrationMGHAccess"] }
    AWSApplicationMigrationAgentRole                 = { trusted = "mgn.amazonaws.com", policies = ["service-role/AWSApplicationMigrationAgentPolicy_v2"] }
  }

  created = var.create_service_roles ? local.service_roles : {}

  attachments = merge([
    for name, role in local.created : { for policy in role.policies : "${name}/${policy}" => { role = name, policy = policy } }
  ]...)
}

data "aws_iam_policy_document" "service" {
  for_each = local.created

  statement {
    actions = each.key == "AWSApplicationMigrationAgentRole" ? ["sts:AssumeRole", "sts:SetSourceIdentity"] : ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value.trusted]
    }

    dynamic "condition" {
      for_each = each.key == "AWSApplicationMigrationAgentRole" ? { "sts:SourceIdentity" = "s-*", "aws:SourceAccount" = data.aws_caller_identity.current.account_id } : {}

      content {
        test     = "StringLike"
        variable = condition.key
        values   = [condition.value]
      }
    }
  }
}

resource "aws_iam_role" "service" {
  for_each = local.created

  name               = each.key
  path               = "/service-role/"
  assume_role_policy = data.aws_iam_policy_document.service[each.key].json
}

resource "aws_iam_role_policy_attachment" "service" {
  for_each = local.attachments

  role       = aws_iam_role.service[each.value.role].name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/${each.value.policy}"
}

resource "aws_iam_instance_profile" "service" {
  for_each = { for name, role in local.created : name => role if role.trusted == "ec2.amazonaws.com" }

  name = each.key
  path = "/service-role/"
  role = aws_iam_role.service[each.key].name
}

# Whoever installs agents takes this role on for an hour; no key of it lasts longer.
data "aws_iam_policy_document" "installer" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = length(var.installer_arns) > 0 ? var.installer_arns : ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }
}

resource "aws_iam_role" "installer" {
  name                 = "${var.name}-installer"
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.installer.json
}

resource "aws_iam_role_policy_attachment" "installer" {
  role       = aws_iam_role.installer.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AWSApplicationMigrationAgentInstallationPolicy"
}
