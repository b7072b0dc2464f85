mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name                     = "school-prod-runner"
  vpc_id                   = "vpc-1"
  subnet_id                = "subnet-app-a"
  instance_type            = "m6i.xlarge"
  disk_gib                 = 200
  database_security_groups = { main = { id = "sg-main", port = 5432 } }
  source_ports             = [5432]
  secret_arns              = ["arn:aws:secretsmanager:ap-south-1:123456789012:secret:rds!db-1"]
  data_kms_key_arn         = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  disk_kms_key_arn         = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "nothing_comes_in" {
  assert {
    condition     = aws_instance.this.metadata_options[0].http_tokens == "required" && aws_instance.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "The role's credentials are handed out against a token, and to this server only."
  }

  assert {
    condition     = one(aws_instance.this.root_block_device).encrypted && one(aws_instance.this.root_block_device).kms_key_id == var.disk_kms_key_arn
    error_message = "The disk is encrypted under the key that was given."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.target : rule.security_group_id != aws_security_group.this.id])
    error_message = "No rule lets anything into the runner."
  }
}

run "it_reaches_its_databases_and_no_other_port" {
  assert {
    condition     = aws_vpc_security_group_egress_rule.target["main"].referenced_security_group_id == "sg-main" && aws_vpc_security_group_ingress_rule.target["main"].security_group_id == "sg-main"
    error_message = "Both sides allow the way to the database."
  }

  assert {
    condition     = keys(aws_vpc_security_group_egress_rule.source) == ["5432"]
    error_message = "Outside, it reaches the ports of the source's databases."
  }
}

run "it_reads_passwords_and_nothing_else" {
  assert {
    condition     = toset(flatten([for statement in data.aws_iam_policy_document.run.statement : statement.actions])) == toset(["secretsmanager:GetSecretValue", "kms:Decrypt"])
    error_message = "The run's role reads passwords only."
  }
}
