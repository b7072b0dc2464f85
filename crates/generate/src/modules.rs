//! The modules that the live roots call: plain `aws_*` resources, no provider blocks, no values of one project.

mod bucket;
mod database;
mod encryption_key;
mod ingress;
mod network;
mod security_groups;
mod service_asg;
mod state_bucket;
mod written;

use crate::folder::Folder;
use crate::hcl::{Block, Expression, block, code, list, object};

/// The modules that these roots call, and those that these modules call, ordered by path.
pub(crate) fn of(roots: &[Folder]) -> Vec<Folder> {
    let mut called: Vec<&str> = roots.iter().flat_map(Folder::calls).collect();
    called.extend(written::called_by(&called));
    let mut modules = built();
    modules.retain(|module| called.contains(&module.name()));
    modules.extend(written::folders(&called));
    modules.sort_by(|left, right| left.path.cmp(&right.path));
    modules
}

/// Modules that are built as trees.
fn built() -> Vec<Folder> {
    vec![
        database::module(),
        encryption_key::module(),
        ingress::module(),
        network::module(),
        security_groups::module(),
        service_asg::module(),
        state_bucket::module(),
    ]
}

/// A resource.
fn resource(kind: &str, name: &str) -> Block {
    block("resource", &[kind, name])
}

/// A data source.
fn data(kind: &str, name: &str) -> Block {
    block("data", &[kind, name])
}

/// The tag that the console shows as a resource's name.
fn name_tag(name: Expression) -> Expression {
    object([("Name", name)])
}

/// A statement of a policy document that lets actions on resources.
fn allow(sid: &str, actions: &[&str], resources: Expression) -> Block {
    block("statement", &[])
        .set("sid", sid)
        .set("actions", list(actions.iter().copied()))
        .set("resources", resources)
}

/// Principals of a statement.
fn principals(kind: &str, identifiers: Expression) -> Block {
    block("principals", &[])
        .set("type", kind)
        .set("identifiers", identifiers)
}

/// A condition of a statement.
fn condition(test: &str, variable: &str, values: Expression) -> Block {
    block("condition", &[])
        .set("test", test)
        .set("variable", variable)
        .set("values", values)
}

/// The policy document by which one AWS service may take a role on.
fn assumed_by(name: &str, service: &str) -> Block {
    data("aws_iam_policy_document", name).nest(
        block("statement", &[])
            .set("actions", list(["sts:AssumeRole"]))
            .nest(principals("Service", list([service]))),
    )
}

/// A new resource stands before the old one goes.
fn create_before_destroy() -> Block {
    block("lifecycle", &[]).set("create_before_destroy", true)
}

/// A reference to an attribute of a data source's policy document.
fn policy_json(name: &str) -> Expression {
    code(format!("data.aws_iam_policy_document.{name}.json"))
}
