mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  bucket = "school-prod-terraform-state"
}

run "the_state_is_private_and_keeps_its_versions" {
  assert {
    condition     = alltrue([aws_s3_bucket_public_access_block.state.block_public_acls, aws_s3_bucket_public_access_block.state.block_public_policy, aws_s3_bucket_public_access_block.state.ignore_public_acls, aws_s3_bucket_public_access_block.state.restrict_public_buckets])
    error_message = "All four doors are shut."
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.state.versioning_configuration).status == "Enabled"
    error_message = "A state that was overwritten can be had back."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.state.statement).effect == "Deny" && one(data.aws_iam_policy_document.state.statement).sid == "RefusedWithoutTls"
    error_message = "Nobody reads the state without TLS."
  }
}

run "other_accounts_use_states_and_never_delete_them" {
  variables {
    users = ["arn:aws:iam::222222222222:role/deploy"]
  }

  assert {
    condition     = [for statement in data.aws_iam_policy_document.state.statement : statement.sid] == ["UsedForStates", "ReleasedLocks", "Listed", "RefusedWithoutTls"]
    error_message = "A role of another account may work with states."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.state.statement : endswith(one(statement.resources), ".tflock") if contains(statement.actions, "s3:DeleteObject")])
    error_message = "Locks alone are deleted."
  }
}
