mock_provider "aws" {
  mock_data "aws_subnet" {
    defaults = {
      availability_zone = "ap-south-1a"
    }
  }
}

variables {
  name        = "school-prod"
  disks       = { reports = { size_gib = 100, subnet_id = "subnet-app-a" } }
  kms_key_arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "disks_are_encrypted_and_never_go_without_a_snapshot" {
  assert {
    condition     = aws_ebs_volume.this["reports"].encrypted && aws_ebs_volume.this["reports"].kms_key_id == var.kms_key_arn && aws_ebs_volume.this["reports"].final_snapshot
    error_message = "A disk is encrypted under the key that was given, and its end leaves a snapshot."
  }

  assert {
    condition     = aws_ebs_volume.this["reports"].availability_zone == "ap-south-1a"
    error_message = "A disk lives in the zone of its server."
  }
}
