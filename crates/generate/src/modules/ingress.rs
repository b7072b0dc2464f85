//! `modules/ingress`: an application load balancer with HTTPS, its certificate, its firewall and its access logs.

mod waf;

use super::bucket::{deny_plain, encryption, expiry, public_access_block, versioning};
use super::{allow, create_before_destroy, data, name_tag, policy_json, principals, resource};
use crate::folder::{Folder, Variable, module_versions, output, variable};
use crate::hcl::{Block, Body, block, code, list, template};

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
            ("waf.tf", waf::files()),
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
