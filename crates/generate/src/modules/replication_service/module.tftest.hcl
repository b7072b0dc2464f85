mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name          = "school-prod-move"
  vpc_id        = "vpc-1"
  subnet_ids    = ["subnet-app-a", "subnet-app-b"]
  kms_key_arn   = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  source_ports  = [25060]
  source_ca_pem = "source"
  target_ca_pem = "target"

  databases = {
    main = {
      source_secret_arn = "arn:aws:secretsmanager:ap-south-1:123456789012:secret:source"
      target_secret_arn = "arn:aws:secretsmanager:ap-south-1:123456789012:secret:target"
      schemas           = ["school", "billing"]
      security_group_id = "sg-main"
      port              = 3306
    }
  }
}

run "the_instance_is_private_and_encrypted" {
  assert {
    condition     = !aws_dms_replication_instance.this.publicly_accessible && aws_dms_replication_instance.this.kms_key_arn == var.kms_key_arn
    error_message = "Rows pass through a private instance under the key that was given."
  }

  assert {
    condition     = aws_dms_endpoint.source["main"].ssl_mode == "verify-ca" && aws_dms_endpoint.target["main"].ssl_mode == "verify-ca"
    error_message = "Both ways are encrypted, and the servers prove who they are."
  }
}

run "every_schema_is_taken_and_validated" {
  assert {
    condition     = [for rule in jsondecode(aws_dms_replication_task.this["main"].table_mappings).rules : rule.object-locator.schema-name] == ["school", "billing"]
    error_message = "Each schema has a rule."
  }

  assert {
    condition     = jsondecode(aws_dms_replication_task.this["main"].replication_task_settings).ValidationSettings.EnableValidation
    error_message = "What was copied is compared."
  }

  assert {
    condition     = aws_iam_role.vpc.name == "dms-vpc-role" && aws_iam_role.logs.name == "dms-cloudwatch-logs-role"
    error_message = "DMS looks for roles of exactly these names."
  }
}
