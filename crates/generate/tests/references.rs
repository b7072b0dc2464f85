//! Every reference names something that is declared, with an attribute that the schema knows.

use reberth_generate::hcl::{Block, Body, Expression, Item, block, code};
use std::collections::{BTreeMap, BTreeSet};

use crate::schema::Schema;
use crate::{designs, parsed};

/// What one folder declares.
#[derive(Default)]
struct Folder {
    /// `aws_vpc.this`, `data.aws_region.current`, `var.name`, `local.tags`, `module.network`.
    declared: BTreeSet<String>,
    outputs: BTreeSet<String>,
    required: BTreeSet<String>,
    /// Calls of modules: name, folder of the source, arguments.
    calls: Vec<(String, String, BTreeSet<String>)>,
    /// What `data.terraform_remote_state` names mean: name to folder.
    states: BTreeMap<String, String>,
    /// References in expressions.
    used: BTreeSet<String>,
}

#[test]
fn every_reference_is_declared() {
    for design in designs::all() {
        assert_eq!(faults(&parsed::all(&design)), Vec::<String>::new());
    }
}

#[test]
fn planted_references_are_found() {
    for wrong in [
        "aws_vpc.gone.id",
        "aws_vpc.this.colour",
        "var.nothing",
        "local.nothing",
        "module.network.nothing",
        "data.aws_region.gone.region",
        "data.terraform_remote_state.network.outputs.nothing",
        "{ for key, value in var.nothing : key => value }",
        "aws_subnet.app[var.nothing].id",
    ] {
        let mut trees = parsed::all(&designs::small());
        for path in [
            "infra/modules/network/main.tf",
            "infra/live/prod/20-data/main.tf",
        ] {
            let planted = block("output", &["planted"]).set("value", code(wrong));
            let body = trees.remove(path).unwrap().block(planted);
            trees.insert(path.to_owned(), body);
        }
        assert!(!faults(&trees).is_empty(), "{wrong}");
    }
}

fn faults(trees: &BTreeMap<String, Body>) -> Vec<String> {
    let folders = folders(trees);
    let schema = Schema::read();
    let mut faults = Vec::new();
    for (path, folder) in &folders {
        for reference in &folder.used {
            if let Some(fault) = fault(reference, folder, &folders, &schema) {
                faults.push(format!("{path}: {reference}: {fault}"));
            }
        }
        for variable in folder
            .declared
            .iter()
            .filter(|name| name.starts_with("var."))
        {
            let is_used = folder
                .used
                .iter()
                .any(|used| format!("{used}.").starts_with(&format!("{variable}.")));
            if !is_used {
                faults.push(format!("{path}: {variable} is never used"));
            }
        }
    }
    faults
}

#[test]
fn modules_are_called_with_the_arguments_they_have() {
    for design in designs::all() {
        check_calls(&folders(&parsed::all(&design)));
    }
}

fn check_calls(folders: &BTreeMap<String, Folder>) {
    let mut called = BTreeSet::new();
    for (path, folder) in folders {
        for (name, source, arguments) in &folder.calls {
            let module = &folders[source];
            called.insert(source.clone());
            for argument in arguments {
                assert!(
                    module.declared.contains(&format!("var.{argument}")),
                    "{path}: {name}.{argument}"
                );
            }
            for required in &module.required {
                assert!(
                    arguments.contains(required),
                    "{path}: {name} lacks {required}"
                );
            }
        }
    }
    let modules: BTreeSet<String> = folders
        .keys()
        .filter(|path| path.contains("/modules/"))
        .cloned()
        .collect();
    assert_eq!(called, modules, "every module is called");
}

fn fault(
    reference: &str,
    folder: &Folder,
    folders: &BTreeMap<String, Folder>,
    schema: &Schema,
) -> Option<String> {
    let parts: Vec<&str> = reference.split('.').collect();
    match parts.as_slice() {
        [
            "data",
            "terraform_remote_state",
            name,
            "outputs",
            output,
            ..,
        ] => {
            let state = folder.states.get(*name).and_then(|path| folders.get(path));
            let known = state.is_some_and(|state| state.outputs.contains(*output));
            (!known).then(|| "no such output".to_owned())
        }
        ["var" | "local", name, ..] => {
            let known = folder.declared.contains(&format!("{}.{name}", parts[0]));
            (!known).then(|| "not declared".to_owned())
        }
        ["module", name, rest @ ..] => {
            let call = folder.calls.iter().find(|(call, _, _)| call == name);
            match (call, rest) {
                (None, _) => Some("not called".to_owned()),
                (Some((_, source, _)), [output, ..]) => {
                    (!folders[source].outputs.contains(*output))
                        .then(|| "no such output".to_owned())
                }
                (Some(_), []) => None,
            }
        }
        ["data", kind, name, rest @ ..] => declared(folder, &format!("data.{kind}.{name}"))
            .or_else(|| schema.lacks("data", kind, rest.first())),
        [kind, name, rest @ ..] => declared(folder, &format!("{kind}.{name}"))
            .or_else(|| schema.lacks("resource", kind, rest.first())),
        _ => None,
    }
}

fn declared(folder: &Folder, name: &str) -> Option<String> {
    (!folder.declared.contains(name)).then(|| "not declared".to_owned())
}

fn folders(trees: &BTreeMap<String, Body>) -> BTreeMap<String, Folder> {
    let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
    for (path, body) in trees {
        let (folder, _) = path.rsplit_once('/').unwrap();
        let entry = folders.entry(folder.to_owned()).or_default();
        for block in body.blocks() {
            declare(block, folder, entry);
        }
        collect(body, &mut entry.used);
    }
    folders
}

fn declare(block: &Block, path: &str, folder: &mut Folder) {
    let labels: Vec<&str> = block.labels().iter().map(String::as_str).collect();
    match (block.kind(), labels.as_slice()) {
        ("resource", [kind, name]) => {
            folder.declared.insert(format!("{kind}.{name}"));
        }
        ("data", [kind, name]) => {
            folder.declared.insert(format!("data.{kind}.{name}"));
            if *kind == "terraform_remote_state" {
                let key = config_key(block.body()).unwrap();
                folder.states.insert(
                    (*name).to_owned(),
                    format!("infra/live/{}", key.trim_end_matches(".tfstate")),
                );
            }
        }
        ("variable", [name]) => {
            folder.declared.insert(format!("var.{name}"));
            if !block.body().attributes().any(|(name, _)| name == "default") {
                folder.required.insert((*name).to_owned());
            }
        }
        ("output", [name]) => {
            folder.outputs.insert((*name).to_owned());
        }
        ("locals", []) => {
            folder.declared.extend(
                block
                    .body()
                    .attributes()
                    .map(|(name, _)| format!("local.{name}")),
            );
        }
        ("module", [name]) => call(block, name, path, folder),
        _ => {}
    }
}

fn call(block: &Block, name: &str, path: &str, folder: &mut Folder) {
    folder.declared.insert(format!("module.{name}"));
    let mut arguments = BTreeSet::new();
    let mut source = None;
    for (argument, value) in block.body().attributes() {
        match (argument, value) {
            ("source", Expression::Text(text)) => source = Some(text.clone()),
            ("for_each" | "count" | "depends_on" | "providers", _) => {}
            _ => {
                arguments.insert(argument.to_owned());
            }
        }
    }
    let source = source.unwrap();
    folder
        .calls
        .push((name.to_owned(), beside(path, &source), arguments));
}

/// The folder that a source written in this folder names.
fn beside(folder: &str, source: &str) -> String {
    let mut steps: Vec<&str> = folder.split('/').collect();
    for step in source.split('/') {
        match step {
            ".." => drop(steps.pop()),
            name => steps.push(name),
        }
    }
    steps.join("/")
}

fn config_key(body: &Body) -> Option<String> {
    body.attributes().find_map(|(name, value)| match value {
        Expression::Object(entries) if name == "config" => {
            entries.iter().find_map(|entry| match &entry.value {
                Expression::Text(text) if entry.key == "key" => Some(text.clone()),
                _ => None,
            })
        }
        _ => None,
    })
}

fn collect(body: &Body, used: &mut BTreeSet<String>) {
    for item in body.items() {
        match item {
            Item::Attribute(name, value)
                if !matches!(name.as_str(), "type" | "ignore_changes" | "to") =>
            {
                expression(value, used)
            }
            // What moved is not there any more under its old address.
            Item::Block(block) if block.kind() == "moved" => {}
            Item::Block(block) => collect(block.body(), used),
            _ => {}
        }
    }
}

fn expression(value: &Expression, used: &mut BTreeSet<String>) {
    match value {
        Expression::Code(text) => traversals(&without_texts(text), used),
        Expression::Template(text) => {
            for part in text.split("${").skip(1) {
                traversals(part.split('}').next().unwrap_or_default(), used);
            }
        }
        Expression::List(items) => items.iter().for_each(|item| expression(item, used)),
        Expression::Object(entries) | Expression::Inline(entries) => entries
            .iter()
            .for_each(|entry| expression(&entry.value, used)),
        Expression::Call(open, value) => {
            traversals(open, used);
            expression(value, used);
        }
        Expression::Text(_) | Expression::Bool(_) | Expression::Number(_) => {}
    }
}

/// The text without its quoted parts, but with what stands in `${…}` inside them.
fn without_texts(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('"').enumerate() {
        if index % 2 == 0 {
            out.push_str(part);
        } else {
            for inner in part.split("${").skip(1) {
                out.push(' ');
                out.push_str(inner.split('}').next().unwrap_or_default());
                out.push(' ');
            }
        }
    }
    out
}

/// Dotted names that start with something a folder can declare.
fn traversals(text: &str, used: &mut BTreeSet<String>) {
    let splat = text.replace("[*]", "");
    let without_index = strip_indexes(&splat, used);
    for word in
        without_index.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
    {
        let head = word.split('.').next().unwrap_or_default();
        let is_reference = word.contains('.')
            && (matches!(head, "var" | "local" | "module" | "data") || head.starts_with("aws_"));
        if is_reference || head.starts_with("aws_") {
            used.insert(word.to_owned());
        }
    }
}

/// The text without `[…]` after a name; what stands inside is read for itself.
fn strip_indexes(text: &str, used: &mut BTreeSet<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let is_index = open > 0
            && rest[..open].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        out.push_str(&rest[..open]);
        if !is_index {
            out.push(' ');
            rest = &rest[open + 1..];
            continue;
        }
        let mut depth = 0;
        let close = rest[open..]
            .find(|c| {
                depth += i32::from(c == '[') - i32::from(c == ']');
                depth == 0
            })
            .map_or(rest.len(), |length| open + length);
        traversals(&rest[open + 1..close], used);
        rest = &rest[(close + 1).min(rest.len())..];
    }
    out.push_str(rest);
    out
}
