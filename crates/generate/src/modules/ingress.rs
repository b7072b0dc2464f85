//! `modules/ingress`: an application load balancer with HTTPS, its certificate, its firewall and its access logs.

use super::{
    allow, condition, create_before_destroy, data, name_tag, policy_json, principals, resource,
};
use crate::folder::{Folder, Variable, module_versions, output, variable};
use crate::hcl::{Block, Body, Expression, block, code, list, template};

const TEXT: &str = "\
A public load balancer that speaks HTTPS only; plain HTTP is redirected. The certificate is proven by DNS records that are
created at the present DNS host: the first apply waits for them. Apply the certificate first, create the records it prints, then
apply the rest:

    terraform apply -target='module.ingress[\"NAME\"].aws_acm_certificate.this'

The web firewall refuses floods, known attackers and known attacks from the first day. What its wider rule groups would refuse is
only counted: read the log for a week before `waf_blocks` is turned on.";

const LOG4J_SKIP: &str = "checkov:skip=CKV2_AWS_76:The known bad inputs, Log4j among them, are refused; \
                          the list of anonymous addresses would shut out honest users of VPNs";

/// The module.
pub(super) fn module() -> Folder {
    Folder {
        path: "infra/modules/ingress".to_owned(),
        title: "ingress".to_owned(),
        text: TEXT.to_owned(),
        variables: variables(),
        outputs: vec![
            output(
                "dns_name",
                "Host name of the load balancer: the target of the switch.",
                "aws_lb.this.dns_name",
            ),
            output(
                "zone_id",
                "Hosted zone of that name, for alias records.",
                "aws_lb.this.zone_id",
            ),
            output(
                "certificate_validation_records",
                "DNS records that prove the certificate's names, by name.",
                "{ for option in aws_acm_certificate.this.domain_validation_options : option.domain_name => option }",
            ),
        ],
        files: [
            ("main.tf", main()),
            ("access_logs.tf", access_logs()),
            ("waf.tf", waf()),
            ("versions.tf", module_versions()),
        ]
        .into(),
    }
}

fn variables() -> Vec<Variable> {
    vec![
        variable("name", "string", "Name of the load balancer.").must(
            "length(var.name) <= 32",
            "A load balancer's name has at most 32 characters.",
        ),
        variable("domain_name", "string", "First name of the certificate."),
        variable(
            "alternative_names",
            "list(string)",
            "Further names of the certificate.",
        )
        .default(list::<&str>([])),
        variable(
            "redirect_http",
            "bool",
            "Whether plain HTTP is answered with a redirect.",
        ),
        variable("target_group_arn", "string", "Where requests go."),
        variable("subnet_ids", "list(string)", "Public subnets."),
        variable(
            "security_group_ids",
            "list(string)",
            "Security groups of the load balancer.",
        ),
        variable(
            "log_kms_key_arn",
            "string",
            "Key that encrypts the web firewall's log.",
        ),
        variable("log_retention_days", "number", "Days that logs are kept.").default(365_u32),
        variable(
            "requests_per_five_minutes",
            "number",
            "Requests of one address in five minutes before it is refused.",
        )
        .default(2000_u32),
        variable(
            "waf_blocks",
            "bool",
            "Whether the wider rule groups refuse requests or only count them.",
        )
        .default(false),
    ]
}

fn main() -> Body {
    let forward = block("default_action", &[])
        .set("type", "forward")
        .set("target_group_arn", code("var.target_group_arn"));
    let redirect = block("default_action", &[]).set("type", "redirect").nest(
        block("redirect", &[])
            .set("protocol", "HTTPS")
            .set("port", "443")
            .set("status_code", "HTTP_301"),
    );
    Body::new()
        .block(
            resource("aws_acm_certificate", "this")
                .comment("checkov:skip=CKV2_AWS_71:The names are those of the source's certificate")
                .set("domain_name", code("var.domain_name"))
                .set("subject_alternative_names", code("var.alternative_names"))
                .set("validation_method", "DNS")
                .gap()
                .set("tags", name_tag(code("var.name")))
                .nest(create_before_destroy()),
        )
        .commented(
            "Waits until the records exist at the present DNS host.",
            resource("aws_acm_certificate_validation", "this")
                .set("certificate_arn", code("aws_acm_certificate.this.arn")),
        )
        .block(load_balancer())
        .block(
            resource("aws_lb_listener", "https")
                .set("load_balancer_arn", code("aws_lb.this.arn"))
                .set("port", 443_u32)
                .set("protocol", "HTTPS")
                .set("ssl_policy", "ELBSecurityPolicy-TLS13-1-2-2021-06")
                .set(
                    "certificate_arn",
                    code("aws_acm_certificate_validation.this.certificate_arn"),
                )
                .nest(forward),
        )
        .block(
            resource("aws_lb_listener", "http")
                .set("count", code("var.redirect_http ? 1 : 0"))
                .gap()
                .set("load_balancer_arn", code("aws_lb.this.arn"))
                .set("port", 80_u32)
                .set("protocol", "HTTP")
                .nest(redirect),
        )
}

fn load_balancer() -> Block {
    resource("aws_lb", "this")
        .comment(LOG4J_SKIP)
        .set("name", code("var.name"))
        .set("load_balancer_type", "application")
        .set("subnets", code("var.subnet_ids"))
        .set("security_groups", code("var.security_group_ids"))
        .gap()
        .set("drop_invalid_header_fields", true)
        .set("enable_deletion_protection", true)
        .nest(
            block("access_logs", &[])
                .set("bucket", code("aws_s3_bucket.logs.id"))
                .set("enabled", true),
        )
        .nest(
            block("connection_logs", &[])
                .set("bucket", code("aws_s3_bucket.logs.id"))
                .set("prefix", "connections")
                .set("enabled", true),
        )
        .set("depends_on", code("[aws_s3_bucket_policy.logs]"))
}

fn access_logs() -> Body {
    let write = allow(
        "WrittenByLoadBalancers",
        &["s3:PutObject"],
        list([template("${aws_s3_bucket.logs.arn}/*")]),
    )
    .nest(principals(
        "Service",
        list(["logdelivery.elasticloadbalancing.amazonaws.com"]),
    ));
    Body::new()
        .block(
            resource("aws_s3_bucket", "logs")
                .comment("checkov:skip=CKV_AWS_18:Logging the access to access logs would not end")
                .comment("checkov:skip=CKV_AWS_144:Access logs are not needed in a second region")
                .comment("checkov:skip=CKV_AWS_145:Load balancers write access logs to buckets with SSE-S3 only")
                .comment("checkov:skip=CKV2_AWS_62:Nobody waits for single log files")
                .set("bucket_prefix", template("${var.name}-logs-")),
        )
        .block(public_access_block("logs"))
        .block(versioning("logs"))
        .block(encryption("logs"))
        .block(expiry("logs", "var.log_retention_days"))
        .block(data("aws_iam_policy_document", "logs").nest(write).nest(deny_plain("logs")))
        .block(
            resource("aws_s3_bucket_policy", "logs")
                .set("bucket", code("aws_s3_bucket.logs.id"))
                .set("policy", policy_json("logs")),
        )
}

/// Nothing in the bucket can be made public.
pub(super) fn public_access_block(bucket: &str) -> Block {
    resource("aws_s3_bucket_public_access_block", bucket)
        .set("bucket", code(format!("aws_s3_bucket.{bucket}.id")))
        .set("block_public_acls", true)
        .set("block_public_policy", true)
        .set("ignore_public_acls", true)
        .set("restrict_public_buckets", true)
}

/// Old versions of objects are kept.
pub(super) fn versioning(bucket: &str) -> Block {
    resource("aws_s3_bucket_versioning", bucket)
        .set("bucket", code(format!("aws_s3_bucket.{bucket}.id")))
        .nest(block("versioning_configuration", &[]).set("status", "Enabled"))
}

/// Objects are encrypted under the service's own key.
pub(super) fn encryption(bucket: &str) -> Block {
    let default =
        block("apply_server_side_encryption_by_default", &[]).set("sse_algorithm", "AES256");
    resource("aws_s3_bucket_server_side_encryption_configuration", bucket)
        .set("bucket", code(format!("aws_s3_bucket.{bucket}.id")))
        .nest(block("rule", &[]).nest(default))
}

fn expiry(bucket: &str, days: &str) -> Block {
    let rule = block("rule", &[])
        .set("id", "expire")
        .set("status", "Enabled")
        .nest(block("filter", &[]))
        .nest(block("expiration", &[]).set("days", code(days)))
        .nest(block("noncurrent_version_expiration", &[]).set("noncurrent_days", 30_u32))
        .nest(block("abort_incomplete_multipart_upload", &[]).set("days_after_initiation", 7_u32));
    resource("aws_s3_bucket_lifecycle_configuration", bucket)
        .set("bucket", code(format!("aws_s3_bucket.{bucket}.id")))
        .nest(rule)
}

/// Refuses requests without TLS.
pub(super) fn deny_plain(bucket: &str) -> Block {
    block("statement", &[])
        .set("sid", "RefusedWithoutTls")
        .set("effect", "Deny")
        .set("actions", list(["s3:*"]))
        .set(
            "resources",
            list([
                code(format!("aws_s3_bucket.{bucket}.arn")),
                template(format!("${{aws_s3_bucket.{bucket}.arn}}/*")),
            ]),
        )
        .nest(principals("AWS", list(["*"])))
        .nest(condition("Bool", "aws:SecureTransport", list(["false"])))
}

/// Rule groups of AWS in the order they are asked, and whether they refuse from the first day: these two know
/// only what no honest client sends.
const MANAGED_RULES: [(&str, bool); 4] = [
    ("AWSManagedRulesAmazonIpReputationList", true),
    ("AWSManagedRulesKnownBadInputsRuleSet", true),
    ("AWSManagedRulesSQLiRuleSet", false),
    ("AWSManagedRulesCommonRuleSet", false),
];

fn waf() -> Body {
    // Every rule is written out: scanners do not see through a dynamic block.
    let mut acl = resource("aws_wafv2_web_acl", "this")
        .set("name", code("var.name"))
        .set("scope", "REGIONAL")
        .nest(block("default_action", &[]).nest(block("allow", &[])))
        .nest(rate_limit());
    for (index, (name, refuses)) in MANAGED_RULES.iter().enumerate() {
        acl = acl.nest(managed_rule(name, index as u32 + 1, *refuses));
    }
    Body::new()
        .block(acl.nest(visibility(code("var.name"))))
        .block(
            resource("aws_wafv2_web_acl_association", "this")
                .set("resource_arn", code("aws_lb.this.arn"))
                .set("web_acl_arn", code("aws_wafv2_web_acl.this.arn")),
        )
        .commented(
            "AWS WAF writes only to log groups whose name starts like this.",
            resource("aws_cloudwatch_log_group", "waf")
                .set("name", template("aws-waf-logs-${var.name}"))
                .set("retention_in_days", code("var.log_retention_days"))
                .set("kms_key_id", code("var.log_kms_key_arn")),
        )
        .block(
            resource("aws_wafv2_web_acl_logging_configuration", "this")
                .set("resource_arn", code("aws_wafv2_web_acl.this.arn"))
                .set(
                    "log_destination_configs",
                    code("[aws_cloudwatch_log_group.waf.arn]"),
                )
                .nest(redacted("authorization"))
                .nest(redacted("cookie")),
        )
}

fn redacted(header: &str) -> Block {
    block("redacted_fields", &[]).nest(block("single_header", &[]).set("name", header))
}

fn rate_limit() -> Block {
    let statement = block("rate_based_statement", &[])
        .set("limit", code("var.requests_per_five_minutes"))
        .set("aggregate_key_type", "IP");
    block("rule", &[])
        .set("name", "rate-limit")
        .set("priority", 0_u32)
        .nest(block("action", &[]).nest(block("block", &[])))
        .nest(block("statement", &[]).nest(statement))
        .nest(visibility("rate-limit".into()))
}

fn managed_rule(name: &str, priority: u32, refuses: bool) -> Block {
    let statement = block("managed_rule_group_statement", &[])
        .set("vendor_name", "AWS")
        .set("name", name);
    block("rule", &[])
        .set("name", name)
        .set("priority", priority)
        .nest(override_action(refuses))
        .nest(block("statement", &[]).nest(statement))
        .nest(visibility(name.into()))
}

/// Whether a rule group's own actions hold, or its hits are only counted until `waf_blocks` is set.
fn override_action(refuses: bool) -> Block {
    let action = |name: &str, when: &str| {
        block("dynamic", &[name])
            .set("for_each", code(when))
            .nest(block("content", &[]))
    };
    if refuses {
        return block("override_action", &[]).nest(block("none", &[]));
    }
    block("override_action", &[])
        .nest(action("none", "var.waf_blocks ? [1] : []"))
        .nest(action("count", "var.waf_blocks ? [] : [1]"))
}

fn visibility(metric: Expression) -> Block {
    block("visibility_config", &[])
        .set("metric_name", metric)
        .set("cloudwatch_metrics_enabled", true)
        .set("sampled_requests_enabled", true)
}
