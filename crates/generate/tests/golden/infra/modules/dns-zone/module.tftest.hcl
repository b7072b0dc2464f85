mock_provider "aws" {}

variables {
  domain_name = "school.example"
  records     = {}

  switched = {
    apex-a = {
      name               = "school.example"
      type               = "A"
      ttl                = 60
      values             = ["203.0.113.250"]
      target_domain_name = "d111.cloudfront.net"
      target_zone_id     = "Z2FDTNDATAQYW2"
    }

    media-cname = {
      name               = "media.school.example"
      type               = "CNAME"
      ttl                = 60
      values             = ["media.cdn.example."]
      target_domain_name = "d222.cloudfront.net"
      target_zone_id     = "Z2FDTNDATAQYW2"
    }
  }
}

run "the_source_answers_until_the_switch" {
  command = plan

  assert {
    condition     = aws_route53_record.source["apex-a"].weighted_routing_policy[0].weight == 100
    error_message = "The source has all the weight."
  }

  assert {
    condition     = aws_route53_record.target["apex-a"].weighted_routing_policy[0].weight == 0
    error_message = "The target has none."
  }
}

run "a_cname_stays_one_and_the_top_of_the_zone_is_an_alias" {
  command = plan

  assert {
    condition     = length(aws_route53_record.target["apex-a"].alias) == 1
    error_message = "The top of a zone cannot be a CNAME."
  }

  assert {
    condition     = aws_route53_record.target["media-cname"].records == toset(["d222.cloudfront.net"])
    error_message = "An alias beside a CNAME of the same name is refused."
  }
}

run "a_certificate_finds_its_proof_in_the_zone" {
  command = plan

  variables {
    proofs = {
      "school.example" = {
        resource_record_name  = "_a1.school.example."
        resource_record_type  = "CNAME"
        resource_record_value = "_b2.acm-validations.aws."
      }
    }
  }

  assert {
    condition     = aws_route53_record.proof["school.example"].records == toset(["_b2.acm-validations.aws."])
    error_message = "Without the record the certificate is not renewed once the zone has moved."
  }
}
