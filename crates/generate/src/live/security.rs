//! `10-security`: keys and security groups.

use reberth_model::design::{Design, Peer, Safeguards, SecurityGroup, TrafficRule};
use reberth_model::policy::Adoptable;

use super::{Root, arguments, entry, module, sentence};
use crate::folder::{Folder, Output, output};
use crate::hcl::{Block, Body, Expression, block, code, list, object, template};

const TEXT: &str = "\
Encryption keys, one for each class of data, and all security groups with the traffic between them on one page: who may
talk to whom is decided here and nowhere else. The audit trail, the bucket for logs, and what watches over the account.";

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    Root {
        name: "10-security",
        text: TEXT,
        reads: &["00-network"],
        outputs: audit_outputs(design)
            .into_iter()
            .chain([
                output(
                    "kms_key_arns",
                    "ARNs of the keys by class of data.",
                    "{ for class, key in module.key : class => key.arn }",
                ),
                output(
                    "log_bucket",
                    "Bucket that services of AWS deliver logs to.",
                    "module.log_bucket.name",
                ),
                output(
                    "log_bucket_arn",
                    "ARN of that bucket.",
                    "module.log_bucket.arn",
                ),
                output(
                    "security_group_ids",
                    "Ids of the security groups by key.",
                    "module.security_groups.ids",
                ),
            ])
            .collect(),
        variables: Vec::new(),
        files: files(design),
    }
    .folder(design)
}

/// The trail of an organization is looked at in the security account.
fn audit_outputs(design: &Design) -> Option<Output> {
    design.organization.is_none().then(|| {
        output(
            "audit_log_group",
            "Log group that the audit trail is written to.",
            "module.audit_trail.log_group",
        )
    })
}

fn files(design: &Design) -> Vec<(&'static str, Body)> {
    let keys = block("locals", &[]).set("keys", keys(design));
    let mut files = vec![
        ("audit.tf", audit(design)),
        ("keys.tf", Body::new().block(keys).block(key_call())),
        ("main.tf", Body::new().block(groups_call())),
        ("traffic.tf", Body::new().block(traffic(design))),
    ];
    if design.safeguards.baseline {
        files.push(("baseline.tf", baseline(design)));
    }
    files
}

/// The audit trail, and the bucket for all other logs.
fn audit(design: &Design) -> Body {
    let Safeguards {
        trail_lock,
        trail_lock_days,
        ..
    } = &design.safeguards;
    let why = design
        .decision("security.trail_lock")
        .and_then(|decision| decision.overridden.as_ref())
        .map(|reason| sentence(&format!("the policy asks for it: {reason}")));
    let mut call = module("audit_trail", "audit-trail")
        .gap()
        .set("name", code("local.name"));
    if let Some(why) = why {
        call = call.comment(why);
    }
    let logs = Body::new().block(module("log_bucket", "log-bucket").gap().set(
        "name_prefix",
        template("${substr(local.name, 0, 30)}-logs-"),
    ));
    // The trail of an organization covers its accounts.
    if design.organization.is_some() {
        return logs;
    }
    logs.block(arguments(
        call.set("lock_mode", trail_lock.word())
            .set("lock_days", *trail_lock_days),
        &[
            ("", ""),
            (
                "log_kms_key_arn",
                "data.terraform_remote_state.network.outputs.log_kms_key_arn",
            ),
            ("log_bucket", "module.log_bucket.name"),
        ],
    ))
}

fn baseline(design: &Design) -> Body {
    Body::new().block(
        module("security_baseline", "security-baseline")
            .gap()
            .set("name", code("local.name"))
            .set(
                "record_configuration",
                design.safeguards.record_configuration,
            )
            .set_some("recorder_name", adopted(design, Adoptable::ConfigRecorder))
            .set_some(
                "delivery_channel_name",
                adopted(design, Adoptable::ConfigDeliveryChannel),
            )
            .set_some("is_watched", design.organization.as_ref().map(|_| true))
            .set("log_bucket", code("module.log_bucket.name")),
    )
}

/// The id of what an account has once and has already.
fn adopted(design: &Design, what: Adoptable) -> Option<&String> {
    let mut all = design.adopted.iter();
    all.find(|own| own.what == what).map(|own| &own.id)
}

fn keys(design: &Design) -> Expression {
    let entries = design.keys.iter().map(|key| {
        let value = object([
            ("description", Expression::from(&key.description)),
            ("used_through", list(&key.used_through)),
        ]);
        entry(&key.key, &key.origin, value)
    });
    Expression::Object(entries.collect())
}

fn key_call() -> Block {
    module("key", "encryption-key")
        .set("for_each", code("local.keys"))
        .gap()
        .set("name", template("${local.name}-${each.key}"))
        .set(
            "description",
            template("${each.value.description} of ${local.name}"),
        )
        .set("used_through", code("each.value.used_through"))
}

fn traffic(design: &Design) -> Block {
    let groups = design.security_groups.iter().map(|group| {
        entry(
            &group.key,
            &group.origin,
            Expression::from(&group.description),
        )
    });
    block("locals", &[])
        .set("groups", Expression::Object(groups.collect()))
        .gap()
        .set("ingress_rules", rules(design, |group| &group.ingress))
        .gap()
        .set("egress_rules", rules(design, |group| &group.egress))
}

fn rules(design: &Design, of: fn(&SecurityGroup) -> &Vec<TrafficRule>) -> Expression {
    let entries = design.security_groups.iter().flat_map(|group| {
        of(group).iter().map(|rule| {
            let key = format!("{}-{}", group.key, rule.key);
            entry(&key, &rule.origin, rule_value(group, rule))
        })
    });
    Expression::Object(entries.collect())
}

fn rule_value(group: &SecurityGroup, rule: &TrafficRule) -> Expression {
    let (peer, value): (&str, Expression) = match &rule.peer {
        Peer::Internet => ("cidr_ipv4", "0.0.0.0/0".into()),
        Peer::Distributions => ("from_distributions", true.into()),
        Peer::Group(key) => ("peer_group", key.into()),
    };
    let fields: Vec<(&str, Expression)> = vec![
        ("group", (&group.key).into()),
        ("description", described(&rule.origin.why).into()),
        ("ip_protocol", (&rule.protocol).into()),
        ("from_port", u32::from(rule.port_first).into()),
        ("to_port", u32::from(rule.port_last).into()),
        (peer, value),
    ];
    object(fields)
}

/// A rule's description holds at most 255 of a small set of characters.
fn described(text: &str) -> String {
    text.chars()
        .map(|c| {
            let is_legal = c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
            if is_legal { c } else { ' ' }
        })
        .take(255)
        .collect()
}

fn groups_call() -> Block {
    module("security_groups", "security-groups")
        .gap()
        .set("name", code("local.name"))
        .set(
            "vpc_id",
            code("data.terraform_remote_state.network.outputs.vpc_id"),
        )
        .set("groups", code("local.groups"))
        .set("ingress_rules", code("local.ingress_rules"))
        .set("egress_rules", code("local.egress_rules"))
}
