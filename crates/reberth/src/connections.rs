//! From the references in `reberth.yaml` to servers: which stream flows between whom, and what a passage works with.

use reberth_cutover::{Edge, FencedBy, MySql, Passage, Postgres, Side};
use reberth_model::policy::{DatabasePolicy, Policy, Reference};
use reberth_replicate::mysql::pipeline::StreamPlan;
use reberth_replicate::mysql::state::Direction;
use reberth_replicate::{Address, Engine, ReplicateError, Secret};

use crate::environment::Environment;
use crate::failure::{CliError, Failure};
use crate::fence_policy::{fenced_by, require_default};
use crate::plan::{Plan, PostgresPlan};

/// The databases that a command is about: the one named, or all of the policy.
pub(crate) fn chosen<'a>(
    policy: &'a Policy,
    name: Option<&str>,
) -> Result<Vec<&'a DatabasePolicy>, Failure> {
    let databases: Vec<&DatabasePolicy> = match name {
        None => policy.databases.iter().collect(),
        Some(name) => policy.database(name).into_iter().collect(),
    };
    if databases.is_empty() {
        let given = name.unwrap_or("(none)").to_owned();
        let why = "reberth.yaml lists no such database under `databases`".to_owned();
        return Err(CliError::Argument {
            argument: "--database",
            given,
            why,
        }
        .into());
    }
    Ok(databases)
}

/// The one database that a command is about.
pub(crate) fn chosen_one<'a>(
    policy: &'a Policy,
    name: Option<&str>,
) -> Result<&'a DatabasePolicy, Failure> {
    match chosen(policy, name)?.as_slice() {
        [database] => Ok(database),
        several => {
            let given = several
                .iter()
                .map(|database| database.name.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let why = "this version hands over one database at a time: name it".to_owned();
            Err(CliError::Argument {
                argument: "--database",
                given,
                why,
            }
            .into())
        }
    }
}

fn address(
    reference: &Reference,
    role: &str,
    side: &'static str,
    environment: &Environment,
) -> Result<Address, Failure> {
    let role = format!("{side} {role}");
    let url = environment
        .get(reference.variable())
        .ok_or_else(|| ReplicateError::Address {
            role: role.clone(),
            reason: format!(
                "the environment variable {} is not set",
                reference.variable()
            ),
        })?;
    Ok(Address::parse_mysql(&Secret::new(url), &role, side)?)
}

/// The stream of a database in one direction.
pub(crate) fn stream_plan(
    database: &DatabasePolicy,
    direction: Direction,
    environment: &Environment,
) -> Result<StreamPlan, Failure> {
    let source = &database.source;
    let writer = address(&database.target.writer, "writer", "target", environment)?;
    let (from, to) = match direction {
        Direction::Forward => (
            address(&source.reader, "reader", "source", environment)?,
            writer,
        ),
        Direction::Reverse => (
            writer,
            address(&source.reverse, "reverse", "source", environment)?,
        ),
    };
    Ok(StreamPlan {
        database: database.name.clone(),
        direction,
        from,
        to,
        workers: database.copy_workers,
        spool: None,
        bytes_per_s_most: None,
        streams: 1,
    })
}

/// The stream of a database in one direction, of the engine that its source's address names.
pub(crate) async fn plan(
    database: &DatabasePolicy,
    direction: Direction,
    environment: &Environment,
) -> Result<Plan, Failure> {
    if !is_postgres(database, environment) {
        return stream_plan(database, direction, environment).map(Plan::MySql);
    }
    let plan = postgres_plan(database, direction, environment).await?;
    Ok(Plan::Postgres(plan))
}

/// Whether the source's address is one of PostgreSQL.
pub(crate) fn is_postgres(database: &DatabasePolicy, environment: &Environment) -> bool {
    environment
        .get(database.source.reader.variable())
        .is_some_and(|url| url.trim_start().starts_with("postgres"))
}

async fn postgres_plan(
    database: &DatabasePolicy,
    direction: Direction,
    environment: &Environment,
) -> Result<PostgresPlan, Failure> {
    let reader = &database.source.reader;
    let address = |reference, role, side| {
        postgres_address(&database.name, reference, role, side, environment)
    };
    let writer = address(&database.target.writer, "writer", "target")?;
    let (from, to) = match direction {
        Direction::Forward => (address(reader, "reader", "source")?, writer),
        Direction::Reverse => (
            writer,
            address(&database.source.reverse, "reverse", "source")?,
        ),
    };
    let workers = database.copy_workers;
    PostgresPlan::choose(&database.name, direction, from, to, workers).await
}

/// An address of a PostgreSQL database: the one that it names, as a provider may have its own names, else the policy's.
fn postgres_address(
    database: &str,
    reference: &Reference,
    role: &str,
    side: &'static str,
    environment: &Environment,
) -> Result<Address, Failure> {
    let role = format!("{side} {role}");
    let variable = reference.variable();
    let refuse = |reason: String| ReplicateError::Address {
        role: role.clone(),
        reason,
    };
    let url = environment
        .get(variable)
        .ok_or_else(|| refuse(format!("the environment variable {variable} is not set")))?;
    let address = Address::parse(&Secret::new(url.trim()), &role, side)?;
    match address.engine() {
        Engine::Postgres => Ok(address.or_database(database)),
        Engine::MySql => Err(refuse(
            "the source's reader is of PostgreSQL, and this is one of MySQL: a database keeps its engine on its way".to_owned(),
        )
        .into()),
    }
}

/// The account that may list the accounts of the source, and the names of all accounts of the move there.
pub(crate) fn accounts_of_the_move(
    database: &DatabasePolicy,
    environment: &Environment,
) -> Result<(Address, Vec<String>), Failure> {
    let source = &database.source;
    let fence = address(&source.fence, "fence", "source", environment)?;
    let mut names = vec![fence.user().to_owned()];
    for (reference, role) in [(&source.reader, "reader"), (&source.reverse, "reverse")] {
        let address = address(reference, role, "source", environment)?;
        names.push(address.user().to_owned());
    }
    Ok((fence, names))
}

/// The door of this database, which no other database goes through: a switch would take that one along, without its rows.
fn own_front_door<'a>(
    policy: &'a Policy,
    database: &'a DatabasePolicy,
) -> Result<&'a str, Failure> {
    let refuse = |given: &str, why: String| CliError::Argument {
        argument: "front_door",
        given: given.to_owned(),
        why,
    };
    let door_of = |database: &'a DatabasePolicy| {
        let own = database.front_door.as_deref();
        own.or(policy.front_door.as_deref())
    };
    let door = door_of(database).ok_or_else(|| {
        refuse("nothing", "reberth.yaml must name the control address of the front door that the application uses".to_owned())
    })?;
    let other = policy
        .databases
        .iter()
        .find(|other| other.name != database.name && door_of(other) == Some(door));
    match other {
        None => Ok(door),
        Some(other) => {
            let why = format!(
                "{} and {} go through it, and a cutover switches one database: give each a front_door of its own in reberth.yaml",
                database.name, other.name
            );
            Err(refuse(door, why).into())
        }
    }
}

/// Both sides of a database, source first, by what reads an address: whose reference, which role, which side.
fn sides(
    database: &DatabasePolicy,
    address: impl Fn(&Reference, &str, &'static str) -> Result<Address, Failure>,
) -> Result<(Side, Side), Failure> {
    let (source, target) = (&database.source, &database.target);
    let source = Side {
        name: "source",
        fence: address(&source.fence, "fence", "source")?,
        app: address(&source.app, "app", "source")?,
        writer: address(&source.reverse, "reverse", "source")?,
        fenced_by: fenced_by(database)?,
    };
    let target = Side {
        name: "target",
        fence: address(&target.fence, "fence", "target")?,
        app: address(&target.app, "app", "target")?,
        writer: address(&target.writer, "writer", "target")?,
        // The target is ours: its accounts can be locked.
        fenced_by: FencedBy::Accounts,
    };
    Ok((source, target))
}

/// The passage of a database of the MySQL family in one direction.
pub(crate) fn mysql_passage(
    policy: &Policy,
    database: &DatabasePolicy,
    direction: Direction,
    environment: &Environment,
) -> Result<Passage<MySql>, Failure> {
    let door = own_front_door(policy, database)?;
    let (source, target) = sides(database, |reference, role, side| {
        address(reference, role, side, environment)
    })?;
    let forward = stream_plan(database, Direction::Forward, environment)?;
    let reverse = stream_plan(database, Direction::Reverse, environment)?;
    let (from, to, stream, back) = match direction {
        Direction::Forward => (source, target, forward, reverse),
        Direction::Reverse => (target, source, reverse, forward),
    };
    let exempt = database.exempt_accounts.clone();
    let edge = Edge::new(door);
    Ok(Passage::new(
        &database.name,
        from,
        to,
        stream,
        back,
        edge,
        exempt,
    ))
}

/// The passage of a PostgreSQL database in one direction.
pub(crate) async fn postgres_passage(
    policy: &Policy,
    database: &DatabasePolicy,
    direction: Direction,
    environment: &Environment,
) -> Result<Passage<Postgres>, Failure> {
    let door = own_front_door(policy, database)?;
    require_default(database)?;
    let (source, target) = sides(database, |reference, role, side| {
        postgres_address(&database.name, reference, role, side, environment)
    })?;
    let forward = postgres_plan(database, Direction::Forward, environment).await?;
    let reverse = postgres_plan(database, Direction::Reverse, environment).await?;
    let (forward, reverse) = (forward.stream, reverse.stream);
    let (from, to, stream, back) = match direction {
        Direction::Forward => (source, target, forward, reverse),
        Direction::Reverse => (target, source, reverse, forward),
    };
    let exempt = database.exempt_accounts.clone();
    let edge = Edge::new(door);
    Ok(Passage::new(
        &database.name,
        from,
        to,
        stream,
        back,
        edge,
        exempt,
    ))
}
