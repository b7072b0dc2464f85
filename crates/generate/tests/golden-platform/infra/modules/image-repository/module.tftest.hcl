mock_provider "aws" {}

variables {
  name        = "school/web"
  images_kept = 50
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "an_image_never_changes_under_its_name" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "A release that is rolled back to is the one that ran."
  }

  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push && aws_ecr_repository.this.encryption_configuration[0].kms_key == var.kms_key_arn
    error_message = "Images are scanned, and encrypted under the key that was given."
  }
}

run "old_images_go_and_releases_stay" {
  command = plan

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : rule.selection.tagStatus] == ["untagged", "any"]
    error_message = "What has no name goes first."
  }

  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this.policy).rules[1].selection.countNumber == 50
    error_message = "As many releases are kept as were asked for."
  }
}

run "capitals_are_refused" {
  command = plan

  variables {
    name = "School/Web"
  }

  expect_failures = [var.name]
}
