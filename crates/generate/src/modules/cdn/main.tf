locals {
  is_application = var.load_balancer != null
  by_identity    = !local.is_application && var.origin_access == "identity"
  origin_id      = local.is_application ? "load-balancer" : "bucket"
}

# CloudFront takes certificates from us-east-1 only.
resource "aws_acm_certificate" "this" {
  #checkov:skip=CKV2_AWS_71:The names are those of the source's certificate
  region                    = "us-east-1"
  domain_name               = var.domain_name
  subject_alternative_names = var.alternative_names
  validation_method         = "DNS"

  tags = {
    Name = var.name
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Waits until the records exist at the present DNS host.
resource "aws_acm_certificate_validation" "this" {
  region          = "us-east-1"
  certificate_arn = aws_acm_certificate.this.arn
}

# The load balancer has no public address: CloudFront reaches it inside the VPC.
resource "aws_cloudfront_vpc_origin" "this" {
  count = local.is_application ? 1 : 0

  vpc_origin_endpoint_config {
    name                   = var.name
    arn                    = var.load_balancer.arn
    http_port              = 80
    https_port             = 443
    origin_protocol_policy = "https-only"

    origin_ssl_protocols {
      items    = ["TLSv1.2"]
      quantity = 1
    }
  }
}

resource "aws_cloudfront_origin_access_control" "this" {
  count = !local.is_application && !local.by_identity ? 1 : 0

  name                              = var.name
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_origin_access_identity" "this" {
  count = local.by_identity ? 1 : 0

  comment = var.name
}

# Nothing stood between users and the application so far, so nothing of it is cached until somebody says what may be.
data "aws_cloudfront_cache_policy" "this" {
  name = local.is_application ? "Managed-CachingDisabled" : "Managed-CachingOptimized"
}

# The application sees the name that its user asked for, and the user's cookies.
data "aws_cloudfront_origin_request_policy" "all" {
  name = "Managed-AllViewer"
}

data "aws_cloudfront_response_headers_policy" "security" {
  name = "Managed-SecurityHeadersPolicy"
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV_AWS_86:Access logs are delivered by aws_cloudwatch_log_delivery, where the check does not look
  #checkov:skip=CKV_AWS_310:One origin: the load balancer spans the zones, and the bucket the region
  #checkov:skip=CKV_AWS_374:The source serves every country
  #checkov:skip=CKV_AWS_305:Requests for / belong to the application
  #checkov:skip=CKV2_AWS_47:The rule group of known bad inputs is in the module web-firewall
  comment         = var.name
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  aliases         = concat([var.domain_name], var.alternative_names)
  web_acl_id      = var.web_acl_arn

  origin {
    origin_id                = local.origin_id
    domain_name              = local.is_application ? var.load_balancer.dns_name : var.bucket.domain_name
    origin_access_control_id = one(aws_cloudfront_origin_access_control.this[*].id)

    dynamic "vpc_origin_config" {
      for_each = aws_cloudfront_vpc_origin.this

      content {
        vpc_origin_id            = vpc_origin_config.value.id
        origin_keepalive_timeout = 60
        origin_read_timeout      = 60
      }
    }

    dynamic "s3_origin_config" {
      for_each = aws_cloudfront_origin_access_identity.this

      content {
        origin_access_identity = s3_origin_config.value.cloudfront_access_identity_path
      }
    }
  }

  default_cache_behavior {
    target_origin_id           = local.origin_id
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = local.is_application ? ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"] : ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = data.aws_cloudfront_cache_policy.this.id
    origin_request_policy_id   = local.is_application ? data.aws_cloudfront_origin_request_policy.all.id : null
    response_headers_policy_id = data.aws_cloudfront_response_headers_policy.security.id
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.this.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  tags = {
    Name = var.name
  }
}
