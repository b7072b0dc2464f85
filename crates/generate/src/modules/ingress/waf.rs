//! The web firewall before a load balancer.

use crate::hcl::{Block, Body, Expression, block, code, template};
use crate::modules::resource;

/// Rule groups of AWS in the order they are asked, and whether they refuse from the first day: these two know
/// only what no honest client sends.
const MANAGED_RULES: [(&str, bool); 4] = [
    ("AWSManagedRulesAmazonIpReputationList", true),
    ("AWSManagedRulesKnownBadInputsRuleSet", true),
    ("AWSManagedRulesSQLiRuleSet", false),
    ("AWSManagedRulesCommonRuleSet", false),
];

/// `waf.tf`: the firewall, its log, and what ties it to the load balancer.
pub(super) fn files() -> Body {
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
