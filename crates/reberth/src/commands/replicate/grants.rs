//! `reberth replicate grants`: the accounts and rights of a database as a script for the target. Reads both servers and writes nothing.

use reberth_replicate::mysql::accounts::{self, Passwords};
use reberth_replicate::mysql::server;
use reberth_replicate::mysql::state::Direction;
use serde_json::json;

use super::postgres;
use crate::cli::GrantsArgs;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::plan::Plan;
use crate::scope::Scope;

pub(super) async fn run(
    args: &GrantsArgs,
    scope: &Scope,
    environment: &Environment,
    output: &Output,
) -> Result<Exit, Failure> {
    let passwords = match args.without_hashes {
        true => Passwords::LeftBehind,
        false => Passwords::AsHashes,
    };
    for plan in scope.plans(Direction::Forward, environment).await? {
        let plan = match plan {
            Plan::MySql(plan) => plan,
            Plan::Postgres(plan) => {
                postgres::grants(&plan.stream, output).await?;
                continue;
            }
        };
        let (lister, names) = scope.accounts_of_the_move(&plan, environment)?;
        let ours: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut source = server::reader(&lister).await?;
        let found = accounts::read(&mut source, &plan.database, &ours).await?;
        let mut target = server::writer(&plan.to).await?;
        let destination = accounts::destination(&mut target).await?;
        let script = accounts::script(&found, &destination, passwords);
        output.report(
            script.trim_end(),
            &json!({ "database": plan.database, "script": script }),
        )?;
    }
    Ok(Exit::Done)
}
