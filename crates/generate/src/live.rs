//! The live roots of one environment: one folder and one state each, applied in the order of their numbers.

mod applications;
mod apps;
mod bootstrap;
mod data;
mod edge;
mod identity;
mod images;
mod imports;
mod migration;
mod network;
mod operations;
mod organization;
mod platform;
mod security;

use reberth_model::design::{Design, Origin};

use crate::folder::{Folder, Output, Variable, root_versions, variable};
use crate::hcl::{Block, Body, Entry, Expression, block, call, code, object, template};
use std::collections::BTreeMap;

/// All roots that have content, in the order they are applied.
pub(crate) fn all(design: &Design) -> Vec<Folder> {
    let mut roots = match &design.organization {
        Some(organization) => organization::roots(design, organization),
        None => vec![bootstrap::root(design)],
    };
    roots.extend([network::root(design), security::root(design)]);
    if design.safeguards.permission_sets && design.organization.is_none() {
        roots.push(identity::root(design));
    }
    if data::has_content(design) {
        roots.push(data::root(design));
    }
    if let Some(platform) = &design.platform {
        roots.push(platform::root(design, platform));
        roots.push(applications::root(design, platform));
    } else if !design.services.is_empty() {
        if images::has_content(design) {
            roots.push(images::root(design));
        }
        roots.push(apps::root(design));
    }
    if edge::has_content(design) {
        roots.push(edge::root(design));
    }
    roots.push(operations::root(design));
    if migration::has_content(design) {
        roots.push(migration::root(design));
    }
    roots
}

/// What tells one root from another.
struct Root<'a> {
    name: &'static str,
    text: &'a str,
    /// Roots whose outputs it reads.
    reads: &'a [&'static str],
    outputs: Vec<Output>,
    /// Variables beside those that every root has.
    variables: Vec<Variable>,
    /// Its own files, `main.tf` and others.
    files: Vec<(&'static str, Body)>,
}

impl Root<'_> {
    /// The folder of a root of the environment, with everything that roots have in common.
    fn folder(self, design: &Design) -> Folder {
        let environment = &design.target.environment;
        match &design.organization {
            None => self.folder_in(design, environment, Body::new().block(provider())),
            // Whose account it is stands in the state of the root that made it.
            Some(_) => {
                let reads: Vec<&'static str> = [organization::ACCOUNTS]
                    .into_iter()
                    .chain(self.reads.iter().copied())
                    .collect();
                let provider = Body::new().block(organization::provider_of(environment));
                Root {
                    reads: &reads,
                    ..self
                }
                .folder_in(design, environment, provider)
            }
        }
    }

    /// The folder in an environment, with these providers.
    fn folder_in(self, design: &Design, environment: &str, providers: Body) -> Folder {
        let mut files: BTreeMap<&'static str, Body> = [
            ("backend.tf", backend(design, environment, self.name)),
            ("locals.tf", locals(&self.files)),
            ("providers.tf", providers),
            ("terraform.tfvars", values(design, environment)),
            ("versions.tf", root_versions()),
        ]
        .into();
        files.extend(self.files);
        if let Some(body) = imports::of(design, self.name) {
            files.insert("imports.tf", body);
        }
        if !self.reads.is_empty() {
            files.insert("data.tf", remote_states(design, environment, self.reads));
        }
        Folder {
            path: format!("infra/live/{environment}/{}", self.name),
            title: format!("{environment}/{}", self.name),
            text: self.text.to_owned(),
            variables: variables().into_iter().chain(self.variables).collect(),
            outputs: self.outputs,
            files,
            ..Folder::default()
        }
    }
}

fn backend(design: &Design, environment: &str, root: &str) -> Body {
    let target = &design.target;
    Body::new().block(
        block("terraform", &[]).nest(
            block("backend", &["s3"])
                .set("bucket", &target.state_bucket)
                .set("key", state_key(environment, root))
                .set("region", &target.region)
                .set("encrypt", true)
                .set("use_lockfile", true),
        ),
    )
}

/// A root of another environment is named with it.
fn state_key(environment: &str, root: &str) -> String {
    match root.contains('/') {
        true => format!("{root}.tfstate"),
        false => format!("{environment}/{root}.tfstate"),
    }
}

fn provider() -> Block {
    block("provider", &["aws"])
        .set("region", code("var.region"))
        .nest(block("default_tags", &[]).set("tags", code("local.tags")))
}

fn variables() -> Vec<Variable> {
    vec![
        variable(
            "project",
            "string",
            "Short name of the application, the first part of every name.",
        )
        .must(
            "can(regex(\"^[a-z][a-z0-9-]{0,23}$\", var.project))",
            "The project has at most 24 of a-z, 0-9 and -, and starts with a letter.",
        ),
        variable("environment", "string", "Name of the environment.").must(
            "can(regex(\"^[a-z][a-z0-9-]{0,23}$\", var.environment))",
            "The environment has at most 24 of a-z, 0-9 and -, and starts with a letter.",
        ),
        variable("region", "string", "AWS region.").must(
            "can(regex(\"^[a-z]{2}(-[a-z]+)+-[0-9]$\", var.region))",
            "A region looks like ap-south-1.",
        ),
        variable(
            "additional_tags",
            "map(string)",
            "Further tags of every resource, for example CostCentre.",
        )
        .default(object::<&str, &str>([])),
    ]
}

fn values(design: &Design, environment: &str) -> Body {
    let target = &design.target;
    let body = Body::new()
        .set("project", &target.project)
        .set("environment", environment)
        .set("region", &target.region);
    if target.tags.is_empty() {
        return body;
    }
    body.set("additional_tags", object(&target.tags))
}

/// Locals of every root; the prefix of names only where a file uses it.
fn locals(files: &[(&'static str, Body)]) -> Body {
    let own = object([
        ("Application", code("var.project")),
        ("Environment", code("var.environment")),
        ("ManagedBy", "terraform".into()),
    ]);
    let uses_name = files
        .iter()
        .any(|(_, body)| body.to_string().contains("local.name"));
    let name = uses_name.then(|| template("${var.project}-${var.environment}"));
    Body::new().block(
        block("locals", &[])
            .set_some("name", name)
            .set("tags", call("merge(var.additional_tags, ", own)),
    )
}

fn remote_states(design: &Design, environment: &str, roots: &[&str]) -> Body {
    roots.iter().fold(Body::new(), |body, root| {
        let (_, name) = root.split_once('-').unwrap_or(("", root));
        let config = object([
            ("bucket", Expression::from(&design.target.state_bucket)),
            ("key", state_key(environment, root).into()),
            ("region", code("var.region")),
        ]);
        body.block(
            block("data", &["terraform_remote_state", name])
                .set("backend", "s3")
                .gap()
                .set("config", config),
        )
    })
}

/// A call of a local module.
fn module(name: &str, source: &str) -> Block {
    block("module", &[name]).set("source", format!("../../../modules/{source}"))
}

/// Adds arguments to a call; an empty name parts groups.
fn arguments(call: Block, arguments: &[(&str, &str)]) -> Block {
    arguments
        .iter()
        .fold(call, |call, (name, value)| match *name {
            "" => call.gap(),
            name => call.set(name, code(*value)),
        })
}

/// Where an item comes from, as the paragraphs of a comment.
fn origin(origin: &Origin) -> Vec<String> {
    let mut paragraphs = vec![sentence(&origin.why)];
    if !origin.from.is_empty() {
        paragraphs.push(format!("Source: {}.", origin.from.join(", ")));
    }
    paragraphs
}

/// A text that starts with a capital and ends with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

/// An entry of a map under the comment that says where it comes from.
fn entry(key: &str, item: &Origin, value: Expression) -> Entry {
    Entry::commented(origin(item), key, value)
}
