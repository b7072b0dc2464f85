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

  mock_data "aws_region" {
    defaults = {
      region = "ap-south-1"
    }
  }

  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "111111111111"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::111111111111:role/made"
    }
  }

  mock_resource "aws_opensearch_domain" {
    defaults = {
      arn = "arn:aws:es:ap-south-1:111111111111:domain/school-prod"
    }
  }
}

variables {
  name                = "school-production-of-a-long-name"
  vpc_id              = "vpc-1"
  domain_subnet_ids   = ["subnet-1", "subnet-2", "subnet-3"]
  delivery_subnet_ids = ["subnet-4", "subnet-5", "subnet-6"]
  kms_key_arn         = "arn:aws:kms:ap-south-1:111111111111:key/11111111-2222-3333-4444-555555555555"
  log_kms_key_arn     = "arn:aws:kms:ap-south-1:111111111111:key/11111111-2222-3333-4444-666666666666"
  log_bucket_arn      = "arn:aws:s3:::school-logs"
  writer_roles        = { web = "school-web" }
}

run "the_domain_is_private_and_encrypted" {
  assert {
    condition     = one(aws_opensearch_domain.this.vpc_options).subnet_ids == toset(["subnet-1", "subnet-2", "subnet-3"]) && one(aws_opensearch_domain.this.encrypt_at_rest).enabled && one(aws_opensearch_domain.this.node_to_node_encryption).enabled && one(aws_opensearch_domain.this.domain_endpoint_options).enforce_https
    error_message = "Nobody outside the network reaches the domain, and nothing is in the clear."
  }

  assert {
    condition     = one(aws_opensearch_domain.this.advanced_security_options).enabled && !one(aws_opensearch_domain.this.advanced_security_options).internal_user_database_enabled
    error_message = "Rights hang on roles, not on passwords."
  }

  assert {
    condition     = length(aws_opensearch_domain.this.domain_name) <= 28 && !endswith(aws_opensearch_domain.this.domain_name, "-")
    error_message = "AWS takes the name."
  }

  assert {
    condition     = one(aws_opensearch_domain.this.cluster_config).instance_count == 3 && one(aws_opensearch_domain.this.cluster_config).dedicated_master_count == 3
    error_message = "The loss of a zone stops nothing."
  }
}

run "every_line_is_kept_in_the_bucket_too" {
  assert {
    condition     = one(aws_kinesis_firehose_delivery_stream.this.opensearch_configuration).s3_backup_mode == "AllDocuments" && one(one(aws_kinesis_firehose_delivery_stream.this.opensearch_configuration).s3_configuration).bucket_arn == "arn:aws:s3:::school-logs"
    error_message = "What the domain loses is in the bucket."
  }

  assert {
    condition     = keys(aws_iam_role_policy.write) == ["web"] && one(data.aws_iam_policy_document.write.statement).actions == toset(["firehose:PutRecord", "firehose:PutRecordBatch"])
    error_message = "Agents write to the stream and do nothing else."
  }
}

run "a_domain_does_not_live_in_one_zone" {
  command = plan

  variables {
    domain_subnet_ids = ["subnet-1"]
  }

  expect_failures = [var.domain_subnet_ids]
}
