mock_provider "aws" {}

variables {
  identifier                = "school-prod-main"
  environment               = "prod"
  engine                    = "mysql"
  engine_version            = "8.0"
  instance_class            = "db.m6g.large"
  allocated_storage_gib     = 100
  max_allocated_storage_gib = 400
  multi_az                  = true
  backup_retention_days     = 14
  parameter_family          = "mysql8.0"
  parameters                = { binlog_format = { value = "ROW" }, lower_case_table_names = { value = "1", apply_method = "pending-reboot" } }
  replicas                  = { replica-a = { instance_class = "db.t4g.small" } }
  subnet_group_name         = "school-prod"
  security_group_ids        = ["sg-main"]
  kms_key_arn               = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  monitoring_role_arn       = "arn:aws:iam::123456789012:role/school-prod-rds-monitoring"
  log_kms_key_arn           = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-666666666666"
}

run "logs_have_a_key_and_an_end" {
  command = plan

  assert {
    condition     = keys(aws_cloudwatch_log_group.this) == ["school-prod-main-replica-a/error", "school-prod-main-replica-a/slowquery", "school-prod-main/error", "school-prod-main/slowquery"]
    error_message = "RDS finds a group for each log of each instance."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 365 && group.kms_key_id == var.log_kms_key_arn])
    error_message = "None is kept for ever or in the clear."
  }
}

run "the_primary_is_private_encrypted_and_guarded" {
  command = plan

  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn
    error_message = "Storage is encrypted under the key that was given."
  }

  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.deletion_protection
    error_message = "Nobody outside reaches it, and nobody deletes it by mistake."
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password
    error_message = "RDS makes the master password: it is in no state."
  }

  assert {
    condition     = aws_db_instance.this.final_snapshot_identifier == "school-prod-main-final"
    error_message = "A last snapshot is taken."
  }
}

run "parameters_say_when_they_take_effect" {
  command = plan

  assert {
    condition     = { for parameter in aws_db_parameter_group.this.parameter : parameter.name => parameter.apply_method } == { binlog_format = "immediate", lower_case_table_names = "pending-reboot" }
    error_message = "Static parameters wait for a restart."
  }
}

run "replicas_are_guarded_as_the_primary_is" {
  command = plan

  assert {
    condition     = aws_db_instance.replica["replica-a"].identifier == "school-prod-main-replica-a" && aws_db_instance.replica["replica-a"].replicate_source_db == "school-prod-main"
    error_message = "A replica is named after its primary, and follows it."
  }

  assert {
    condition     = !aws_db_instance.replica["replica-a"].publicly_accessible && aws_db_instance.replica["replica-a"].deletion_protection && aws_db_instance.replica["replica-a"].storage_encrypted
    error_message = "A replica is as private and as guarded as its primary."
  }

  assert {
    condition     = !aws_db_instance.replica["replica-a"].performance_insights_enabled && aws_db_instance.this.performance_insights_enabled
    error_message = "RDS for MySQL refuses Performance Insights on the smallest classes."
  }
}

run "postgres_writes_logs_of_its_own_and_has_insights_on_every_class" {
  command = plan

  variables {
    engine           = "postgres"
    engine_version   = "17.6"
    instance_class   = "db.t4g.micro"
    parameter_family = "postgres17"
    parameters       = { "rds.force_ssl" = { value = "1" } }
  }

  assert {
    condition     = aws_db_instance.this.engine == "postgres" && aws_db_instance.this.enabled_cloudwatch_logs_exports == toset(["postgresql", "upgrade"])
    error_message = "PostgreSQL has other logs than MySQL."
  }

  assert {
    condition     = aws_db_instance.this.performance_insights_enabled
    error_message = "PostgreSQL has Performance Insights on every class."
  }
}

run "other_engines_are_refused" {
  command = plan

  variables {
    engine = "oracle-se2"
  }

  expect_failures = [var.engine]
}

run "too_few_backups_are_refused" {
  command = plan

  variables {
    backup_retention_days = 1
  }

  expect_failures = [var.backup_retention_days]
}

run "other_classes_are_refused" {
  command = plan

  variables {
    instance_class = "m6g.large"
  }

  expect_failures = [var.instance_class]
}
