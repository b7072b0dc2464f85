//! Every argument and block exists in the provider's schema, required ones are there, read-only ones are not set.

use reberth_generate::hcl::{Block, Body, Item};
use serde_json::Value;
use std::collections::BTreeMap;

use crate::{designs, parsed};

/// The part of the AWS provider's schema that the generated files use.
pub(crate) struct Schema {
    root: Value,
}

impl Schema {
    /// Reads the catalog's copy.
    pub(crate) fn read() -> Schema {
        let path = designs::repository().join("catalog/terraform-aws-schema.json");
        Schema {
            root: serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(),
        }
    }

    fn block(&self, kind: &str, name: &str) -> Option<&Value> {
        let table = match kind {
            "resource" => "resources",
            "data" => "data",
            _ => return None,
        };
        self.root[table].get(name)
    }

    /// Says so when the type does not exist or has no such attribute or block.
    pub(crate) fn lacks(&self, kind: &str, name: &str, attribute: Option<&&str>) -> Option<String> {
        let Some(block) = self.block(kind, name) else {
            return Some("no such type".to_owned());
        };
        let attribute = attribute?;
        let known = block["a"].get(*attribute).is_some() || block["b"].get(*attribute).is_some();
        (!known).then(|| format!("{name} has no {attribute}"))
    }
}

/// Arguments that Terraform itself gives to every resource and data source.
const META_ARGUMENTS: [&str; 4] = ["count", "for_each", "depends_on", "provider"];

#[test]
fn every_argument_is_in_the_schema() {
    for design in designs::all() {
        assert_eq!(faults(&parsed::all(&design)), Vec::<String>::new());
    }
}

#[test]
fn the_checker_finds_planted_faults() {
    use reberth_generate::hcl::block;
    let vpc = || block("resource", &["aws_vpc", "this"]);
    let flow_log = block("resource", &["aws_flow_logs", "this"]).set("type", "String");
    for (wrong, expected) in [
        (vpc().set("cidr", "10.0.0.0/16"), "no argument cidr"),
        (vpc().set("arn", "x"), "arn is read-only"),
        (vpc().nest(block("subnet", &[])), "no block subnet"),
        (block("resource", &["aws_vpcs", "this"]), "no such type"),
        (
            block("resource", &["aws_lb_listener", "this"]),
            "lacks load_balancer_arn",
        ),
        (
            block("resource", &["aws_lb_listener", "this"]),
            "0 blocks default_action",
        ),
        (flow_log, "no such type"),
    ] {
        let trees = [("main.tf".to_owned(), Body::new().block(wrong))].into();
        let found = faults(&trees);
        assert!(
            found.iter().any(|fault| fault.contains(expected)),
            "{expected}: {found:?}"
        );
    }
}

fn faults(trees: &BTreeMap<String, Body>) -> Vec<String> {
    let schema = Schema::read();
    let mut faults = Vec::new();
    for (path, body) in trees {
        for top in body.blocks() {
            let labels = top.labels().join(".");
            let place = format!("{path}: {} {labels}", top.kind());
            if !matches!(top.kind(), "resource" | "data") || labels.starts_with("terraform_") {
                continue;
            }
            match schema.block(top.kind(), &top.labels()[0]) {
                Some(known) => check(top.body(), known, &place, &mut faults, true),
                None => faults.push(format!("{place}: no such type")),
            }
        }
    }
    faults
}

/// Checks one body against one block of the schema.
fn check(body: &Body, known: &Value, place: &str, faults: &mut Vec<String>, is_top: bool) {
    for (name, _) in body.attributes() {
        if is_top && META_ARGUMENTS.contains(&name) {
            continue;
        }
        match known["a"][name][1].as_str() {
            None => faults.push(format!("{place}: no argument {name}")),
            Some("c") => faults.push(format!("{place}: {name} is read-only")),
            Some(_) => {}
        }
    }
    for (name, attribute) in known["a"].as_object().into_iter().flatten() {
        let is_set = body.attributes().any(|(set, _)| set == name);
        if attribute[1]
            .as_str()
            .is_some_and(|flags| flags.contains('r'))
            && !is_set
        {
            faults.push(format!("{place}: lacks {name}"));
        }
    }
    check_blocks(body, known, place, faults, is_top);
}

fn check_blocks(body: &Body, known: &Value, place: &str, faults: &mut Vec<String>, is_top: bool) {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut dynamic = Vec::new();
    for item in body.items() {
        let Item::Block(nested) = item else {
            continue;
        };
        if is_top && nested.kind() == "lifecycle" {
            continue;
        }
        let (name, content) = unwrapped(nested);
        if nested.kind() == "dynamic" {
            dynamic.push(name);
        }
        *counts.entry(name).or_default() += 1;
        match known["b"].get(name) {
            None => faults.push(format!("{place}: no block {name}")),
            Some(inner) => check(
                content,
                &inner[3],
                &format!("{place}.{name}"),
                faults,
                false,
            ),
        }
    }
    for (name, inner) in known["b"].as_object().into_iter().flatten() {
        let count = counts.get(name.as_str()).copied().unwrap_or(0);
        let (least, most) = (
            inner[1].as_u64().unwrap_or(0),
            inner[2].as_u64().unwrap_or(0),
        );
        let is_dynamic = dynamic.contains(&name.as_str());
        if !is_dynamic && (count < least || (most > 0 && count > most)) {
            faults.push(format!("{place}: {count} blocks {name}"));
        }
    }
}

/// The name and content of a block, also of one that is made by `dynamic`.
fn unwrapped(block: &Block) -> (&str, &Body) {
    match (block.kind(), block.body().blocks().next()) {
        ("dynamic", Some(content)) => (&block.labels()[0], content.body()),
        _ => (block.kind(), block.body()),
    }
}
