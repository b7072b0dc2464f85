//! `reberth doctor`: what is there, and what is missing. Shows whether variables are set, never what they hold.

use std::path::Path;

use reberth_model::policy::{DatabasePolicy, Policy};
use serde::Serialize;

use crate::environment::{Environment, VARIABLES};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;
use crate::table::table;

/// Programs that a command starts, with the command.
const TOOLS: [(&str, &str); 6] = [
    ("mariadbd", "demo: its database servers"),
    ("mariadb-install-db", "demo: its database servers"),
    ("mariadb", "demo: its database servers"),
    ("setpriv", "demo: ends its servers with it"),
    ("terraform", "provision: plans and applies; or tofu"),
    ("tofu", "provision: plans and applies; or terraform"),
];

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Item {
    what: String,
    state: &'static str,
    detail: String,
}

/// Looks around. Exits 1 only when the project itself cannot be used; a missing tool or variable matters to the
/// command that needs it.
pub(crate) fn run(
    project: &Project,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let policy = project.policy();
    let mut items = vec![project_item(&policy)];
    items.extend(TOOLS.map(|(program, purpose)| tool(program, purpose, environment)));
    items
        .extend(VARIABLES.map(|variable| set_or_not(variable.name, variable.purpose, environment)));
    if let Ok(policy) = &policy {
        items.extend(connections(&policy.document, environment));
    }
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|item| {
            vec![
                item.what.clone(),
                item.state.to_owned(),
                item.detail.clone(),
            ]
        })
        .collect();
    output.report(table(&["what", "state", "for"], &rows), &items)?;
    Ok(if policy.is_ok() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn project_item(policy: &Result<crate::project::Loaded<Policy>, Failure>) -> Item {
    let (state, detail) = match policy {
        Ok(policy) => ("good", format!("project {}", policy.document.project)),
        Err(failure) => ("bad", format!("{}: {}", failure.code(), failure.message())),
    };
    Item {
        what: "reberth.yaml".to_owned(),
        state,
        detail,
    }
}

fn tool(program: &str, purpose: &str, environment: &Environment) -> Item {
    // Debian keeps servers where the search path of people does not look.
    let folders = environment
        .get("PATH")
        .unwrap_or_default()
        .split(':')
        .chain(["/usr/sbin"]);
    let found = folders
        .map(|folder| Path::new(folder).join(program))
        .any(|path| path.is_file());
    Item {
        what: program.to_owned(),
        state: if found { "found" } else { "missing" },
        detail: purpose.to_owned(),
    }
}

fn set_or_not(name: &str, purpose: &str, environment: &Environment) -> Item {
    Item {
        what: name.to_owned(),
        state: if environment.get(name).is_some() {
            "set"
        } else {
            "not set"
        },
        detail: purpose.to_owned(),
    }
}

fn connections(policy: &Policy, environment: &Environment) -> Vec<Item> {
    policy
        .databases
        .iter()
        .flat_map(|database| connections_of(database, environment))
        .collect()
}

fn connections_of(database: &DatabasePolicy, environment: &Environment) -> Vec<Item> {
    let DatabasePolicy {
        name,
        source,
        target,
        ..
    } = database;
    let references = [
        ("source reader", &source.reader),
        ("source fence", &source.fence),
        ("source app", &source.app),
        ("source reverse", &source.reverse),
        ("target writer", &target.writer),
        ("target fence", &target.fence),
        ("target app", &target.app),
    ];
    references
        .map(|(role, reference)| {
            set_or_not(
                reference.variable(),
                &format!("database {name}: {role}"),
                environment,
            )
        })
        .into()
}
