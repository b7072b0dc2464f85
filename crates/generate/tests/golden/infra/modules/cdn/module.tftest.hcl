mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{}"
    }
  }
}

variables {
  name              = "school-prod-web"
  domain_name       = "school.example.org"
  alternative_names = ["www.school.example.org"]
  web_acl_arn       = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/school/1"
  log_bucket_arn    = "arn:aws:s3:::school-prod-logs"
}

run "an_application_is_reached_inside_the_network" {
  variables {
    load_balancer = { arn = "arn:aws:elasticloadbalancing:ap-south-1:123456789012:loadbalancer/app/web/1", dns_name = "internal-web.elb.amazonaws.com" }
  }

  assert {
    condition     = aws_cloudfront_vpc_origin.this[0].vpc_origin_endpoint_config[0].origin_protocol_policy == "https-only"
    error_message = "The way to the load balancer is encrypted."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https"
    error_message = "Users get HTTPS."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "Nothing older than TLS 1.2."
  }

  assert {
    condition     = aws_acm_certificate.this.region == "us-east-1"
    error_message = "CloudFront takes certificates from us-east-1 only."
  }

  assert {
    condition     = length(aws_s3_bucket_policy.this) == 0
    error_message = "An application has no bucket."
  }
}

run "files_are_read_by_signed_requests" {
  variables {
    bucket = { name = "school-prod-files", arn = "arn:aws:s3:::school-prod-files", domain_name = "school-prod-files.s3.amazonaws.com" }
  }

  assert {
    condition     = aws_cloudfront_origin_access_control.this[0].signing_behavior == "always"
    error_message = "Every request to the bucket is signed."
  }

  assert {
    condition     = length(aws_cloudfront_origin_access_identity.this) == 0 && length(aws_s3_bucket_policy.this) == 1
    error_message = "The bucket lets in this distribution, and by no older way."
  }
}

run "the_older_identity_is_made_where_asked" {
  variables {
    bucket        = { name = "school-prod-files", arn = "arn:aws:s3:::school-prod-files", domain_name = "school-prod-files.s3.amazonaws.com" }
    origin_access = "identity"
  }

  assert {
    condition     = length(aws_cloudfront_origin_access_identity.this) == 1 && length(aws_cloudfront_origin_access_control.this) == 0
    error_message = "One of the two ways, not both."
  }
}

run "two_origins_are_refused" {
  command = plan

  expect_failures = [var.bucket]
}
