//! `modules/ingress`: an application load balancer with HTTPS, its certificate and its access logs.

use super::bucket::{deny_plain, encryption, expiry, public_access_block, versioning};
use super::{allow, create_before_destroy, data, name_tag, policy_json, principals, resource};
use crate::folder::{Folder, Variable, module_versions, output, variable};
use crate::hcl::{Block, Body, block, code, list, template};

const TEXT: &str = "\
A load balancer that speaks HTTPS only; plain HTTP is redirected. A private one has no public address: a distribution stands before it, with
the web firewall. A public one is tied to a web firewall here. The certificate is proven by DNS records that are
created at the present DNS host: the first apply waits for them. Apply the certificate first, create the records it prints, then
apply the rest:

    terraform apply -target='module.ingress[\"NAME\"].aws_acm_certificate.this'";

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
            output("arn", "ARN of the load balancer.", "aws_lb.this.arn"),
            output(
                "arn_suffix",
                "End of that ARN, by which metrics know it.",
                "aws_lb.this.arn_suffix",
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
            ("versions.tf", module_versions()),
        ]
        .into(),
        written: [(
            "module.tftest.hcl",
            include_str!("ingress/module.tftest.hcl"),
        )]
        .into(),
        ..Folder::default()
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
        variable(
            "subnet_ids",
            "list(string)",
            "Subnets: those of the applications for a private one, else public ones.",
        ),
        variable(
            "security_group_ids",
            "list(string)",
            "Security groups of the load balancer.",
        ),
        variable("log_retention_days", "number", "Days that logs are kept.").default(365_u32),
        variable(
            "idle_timeout_seconds",
            "number",
            "Seconds without a byte after which a connection is given up.",
        )
        .default(60_u32),
        variable(
            "is_private",
            "bool",
            "Whether it has no public address, and a distribution stands before it.",
        ),
        variable(
            "web_acl_arn",
            "string",
            "Web firewall of a public load balancer; null for a private one.",
        )
        .default(code("null"))
        .must(
            "var.is_private || var.web_acl_arn != null",
            "A public load balancer needs a web firewall.",
        ),
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
        .block(
            resource("aws_wafv2_web_acl_association", "this")
                .set("count", code("var.is_private ? 0 : 1"))
                .gap()
                .set("resource_arn", code("aws_lb.this.arn"))
                .set("web_acl_arn", code("var.web_acl_arn")),
        )
}

fn load_balancer() -> Block {
    resource("aws_lb", "this")
        .comment(LOG4J_SKIP)
        .set("name", code("var.name"))
        .set("load_balancer_type", "application")
        .set("internal", code("var.is_private"))
        .set("subnets", code("var.subnet_ids"))
        .set("security_groups", code("var.security_group_ids"))
        .gap()
        .set("drop_invalid_header_fields", true)
        .set("enable_deletion_protection", true)
        .set("idle_timeout", code("var.idle_timeout_seconds"))
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
    // The path names the account whose load balancer writes: another one's is refused.
    let of_this_account = "AWSLogs/${data.aws_caller_identity.current.account_id}/*";
    let write = allow(
        "WrittenByLoadBalancers",
        &["s3:PutObject"],
        list(["", "connections/"].map(|prefix| {
            template(format!(
                "${{aws_s3_bucket.logs.arn}}/{prefix}{of_this_account}"
            ))
        })),
    )
    .nest(principals(
        "Service",
        list(["logdelivery.elasticloadbalancing.amazonaws.com"]),
    ));
    Body::new()
        .block(super::data("aws_caller_identity", "current"))
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
