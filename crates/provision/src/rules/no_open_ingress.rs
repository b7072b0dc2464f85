use serde_json::Value;

use super::{Rule, Surroundings, Verdict};
use crate::plan_document::{Afterwards, ResourceChange};

/// Ports that a load balancer may open to everybody.
const WEB_PORTS: [u64; 2] = [80, 443];
/// A range of more than 2^24 addresses is everybody, whatever it is split into.
const OPEN_PREFIX_MAX: u8 = 7;

/// Refuses to let everybody in, but on 80 and 443 of a load balancer: by the rules that the design gives it.
pub(super) static RULE: Rule = Rule {
    id: "no-open-ingress",
    title: "Everybody may reach ports 80 and 443 of the load balancers, and nothing else.",
    check,
};

fn check(resource: &ResourceChange, surroundings: &Surroundings) -> Option<Verdict> {
    if !resource.makes() {
        return None;
    }
    let change = &resource.change;
    match resource.kind.as_str() {
        "aws_vpc_security_group_ingress_rule" => check_rule(resource, surroundings),
        "aws_security_group_rule" if change.after["type"] == "ingress" => {
            inline(&change.after, &change.after_unknown)
        }
        // Unknown as a whole means that the files do not give it.
        "aws_security_group" | "aws_default_security_group" => {
            let rules = change.after["ingress"].as_array().into_iter().flatten();
            let unknown = &change.after_unknown["ingress"];
            let judged = rules.enumerate();
            judged
                .filter_map(|(at, rule)| inline(rule, &unknown[at]))
                .next()
        }
        _ => None,
    }
}

fn check_rule(resource: &ResourceChange, surroundings: &Surroundings) -> Option<Verdict> {
    let change = &resource.change;
    for field in ["cidr_ipv4", "cidr_ipv6"] {
        match change.afterwards(field) {
            Afterwards::Unknown => {
                return Some(Verdict::Unknown(format!("{field} comes with the apply")));
            }
            Afterwards::Value(range) if is_open(range) => {
                let port = &change.after["from_port"];
                let is_web = port == &change.after["to_port"]
                    && port.as_u64().is_some_and(|port| WEB_PORTS.contains(&port));
                let key = resource.index.as_ref().and_then(Value::as_str);
                let is_of_load_balancer =
                    key.is_some_and(|key| surroundings.load_balancer_rules.contains(key));
                if !is_web || !is_of_load_balancer {
                    return Some(refused(range, &change.after));
                }
            }
            _ => {}
        }
    }
    None
}

/// A rule written inside its group, or in the old form of its own: it names no load balancer of the design, so no port is good.
fn inline(rule: &Value, unknown: &Value) -> Option<Verdict> {
    let fields = ["cidr_blocks", "ipv6_cidr_blocks"];
    let ranges = |value| fields.iter().filter_map(move |field| list(value, field));
    if let Some(open) = ranges(rule).flatten().find(|range| is_open(range)) {
        return Some(refused(open, rule));
    }
    let is_unknown = |field: &&str| {
        unknown[*field] == true
            || list(unknown, field).is_some_and(|all| all.contains(&true.into()))
    };
    let field = fields.iter().copied().find(is_unknown)?;
    Some(Verdict::Unknown(format!("{field} comes with the apply")))
}

fn list<'v>(value: &'v Value, field: &str) -> Option<&'v Vec<Value>> {
    value[field].as_array()
}

fn refused(range: &Value, rule: &Value) -> Verdict {
    let port = |name: &str| {
        rule[name]
            .as_u64()
            .map_or("all".to_owned(), |p| p.to_string())
    };
    let (first, last) = (port("from_port"), port("to_port"));
    Verdict::Refused(format!(
        "ports {first} to {last} would be open to {}, and no load balancer of the design has this rule",
        range.as_str().unwrap_or_default()
    ))
}

fn is_open(range: &Value) -> bool {
    let prefix = range.as_str().and_then(|range| range.rsplit_once('/'));
    let length = prefix.and_then(|(_, length)| length.parse::<u8>().ok());
    length.is_some_and(|length| length <= OPEN_PREFIX_MAX)
}
