//! `modules/security-groups`: groups and the traffic between them.

use super::{create_before_destroy, data, name_tag, resource};
use crate::folder::{Folder, Variable, module_versions, output, structure, variable};
use crate::hcl::{Block, Body, code, template};

const TEXT: &str = "\
Security groups and their rules, each rule a resource of its own: adding one never touches another. Rules name groups by
key, so that groups may refer to each other.";

const DISTRIBUTIONS: &str =
    "each.value.from_distributions ? data.aws_ec2_managed_prefix_list.distributions.id : null";

const RULE: &[(&str, &str)] = &[
    ("group", "string"),
    ("description", "string"),
    ("ip_protocol", "string"),
    ("from_port", "number"),
    ("to_port", "number"),
    ("peer_group", "optional(string)"),
    ("cidr_ipv4", "optional(string)"),
    ("from_distributions", "optional(bool, false)"),
];

/// The module.
pub(super) fn module() -> Folder {
    Folder {
        path: "infra/modules/security-groups".to_owned(),
        title: "security-groups".to_owned(),
        text: TEXT.to_owned(),
        variables: vec![
            variable("name", "string", "Prefix of every name."),
            variable("vpc_id", "string", "Id of the VPC."),
            variable(
                "groups",
                "map(string)",
                "Descriptions of the groups by key.",
            ),
            rules(
                "ingress_rules",
                "Traffic let in, by a key that never changes.",
            ),
            rules(
                "egress_rules",
                "Traffic let out, by a key that never changes.",
            ),
        ],
        outputs: vec![output(
            "ids",
            "Ids of the groups by key.",
            "{ for key, group in aws_security_group.this : key => group.id }",
        )],
        files: [("main.tf", main()), ("versions.tf", module_versions())].into(),
        written: [(
            "module.tftest.hcl",
            include_str!("security_groups/module.tftest.hcl"),
        )]
        .into(),
        ..Folder::default()
    }
}

fn rules(name: &'static str, description: &'static str) -> Variable {
    let condition = match name {
        "ingress_rules" => {
            "alltrue([for rule in values(var.ingress_rules) : length([for is_given in [rule.peer_group != null, rule.cidr_ipv4 != null, rule.from_distributions] : true if is_given]) == 1])"
        }
        _ => {
            "alltrue([for rule in values(var.egress_rules) : length([for is_given in [rule.peer_group != null, rule.cidr_ipv4 != null, rule.from_distributions] : true if is_given]) == 1])"
        }
    };
    structure(name, "map(object(", RULE, description).must(
        condition,
        "Each rule names one peer: a group, a block, or the distributions.",
    )
}

fn main() -> Body {
    Body::new()
        .commented(
            "The addresses from which CloudFront reaches origins; AWS keeps the list.",
            data("aws_ec2_managed_prefix_list", "distributions")
                .set("name", "com.amazonaws.global.cloudfront.origin-facing"),
        )
        .block(
            resource("aws_security_group", "this")
                .comment("checkov:skip=CKV2_AWS_5:The groups are attached in the roots of data, apps and edge")
                .set("for_each", code("var.groups"))
                .gap()
                .set("name_prefix", template("${var.name}-${each.key}-"))
                .set("description", code("each.value"))
                .set("vpc_id", code("var.vpc_id"))
                .gap()
                .set("tags", name_tag(template("${var.name}-${each.key}")))
                .nest(create_before_destroy()),
        )
        .block(rule("aws_vpc_security_group_ingress_rule", "ingress_rules"))
        .block(rule("aws_vpc_security_group_egress_rule", "egress_rules"))
}

fn rule(kind: &str, rules: &str) -> Block {
    let peer =
        "each.value.peer_group == null ? null : aws_security_group.this[each.value.peer_group].id";
    let rule = resource(kind, "this");
    let rule = match rules {
        "ingress_rules" => rule.comment(
            "checkov:skip=CKV_AWS_260:Port 80 is open on load balancers only, which answer it with a redirect to HTTPS",
        ),
        _ => rule,
    };
    rule.set("for_each", code(format!("var.{rules}")))
        .gap()
        .set(
            "security_group_id",
            code("aws_security_group.this[each.value.group].id"),
        )
        .set("description", code("each.value.description"))
        .set("ip_protocol", code("each.value.ip_protocol"))
        .set("from_port", code("each.value.from_port"))
        .set("to_port", code("each.value.to_port"))
        .set("referenced_security_group_id", code(peer))
        .set("cidr_ipv4", code("each.value.cidr_ipv4"))
        .set("prefix_list_id", code(DISTRIBUTIONS))
        .gap()
        .set("tags", name_tag(code("each.key")))
}
