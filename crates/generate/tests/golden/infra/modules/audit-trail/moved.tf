# Bucket and key stood in this module itself once: they keep their place in the state.
moved {
  from = aws_kms_alias.this
  to   = module.archive.aws_kms_alias.this
}

moved {
  from = aws_kms_key.this
  to   = module.archive.aws_kms_key.this
}

moved {
  from = aws_s3_bucket.this
  to   = module.archive.aws_s3_bucket.this
}

moved {
  from = aws_s3_bucket_lifecycle_configuration.this
  to   = module.archive.aws_s3_bucket_lifecycle_configuration.this
}

moved {
  from = aws_s3_bucket_logging.this
  to   = module.archive.aws_s3_bucket_logging.this
}

moved {
  from = aws_s3_bucket_object_lock_configuration.this
  to   = module.archive.aws_s3_bucket_object_lock_configuration.this
}

moved {
  from = aws_s3_bucket_ownership_controls.this
  to   = module.archive.aws_s3_bucket_ownership_controls.this
}

moved {
  from = aws_s3_bucket_policy.this
  to   = module.archive.aws_s3_bucket_policy.this
}

moved {
  from = aws_s3_bucket_public_access_block.this
  to   = module.archive.aws_s3_bucket_public_access_block.this
}

moved {
  from = aws_s3_bucket_server_side_encryption_configuration.this
  to   = module.archive.aws_s3_bucket_server_side_encryption_configuration.this
}

moved {
  from = aws_s3_bucket_versioning.this
  to   = module.archive.aws_s3_bucket_versioning.this
}
