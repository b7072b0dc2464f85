//! How a stream begins: the first position, the schema, the empty tables.

use std::time::Duration;

use reberth_model::document::sha256_hex;

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::schema::{self, Schema, Table, take_apart, translate};
use crate::mysql::sequence;
use crate::mysql::server::{self, Flavour};
use crate::mysql::sql_mode;
use crate::mysql::state::{self, Checkpoint, Phase};
use crate::mysql::value::{quote_name, quote_text};

/// How long a second process waits for the first to have begun.
const BEGIN_WAIT: Duration = Duration::from_secs(20);

/// Begins the stream, unless it has begun.
///
/// Making the tables drops what an interrupted try left, so two processes that begin at once must not overlap: the slower one would drop
/// tables that the faster one has filled already. The epoch does not exist yet; a named lock of the target's server stands in for it,
/// and ends with the session that holds it.
pub(crate) async fn begin_once(
    plan: &StreamPlan,
    flavour: Flavour,
    source: &mut Session,
    target: &mut Session,
) -> Result<(), ReplicateError> {
    // Names of locks may be 64 characters long, names of databases too.
    let stream = format!("{}:{}", plan.direction.word(), plan.database);
    let lock = format!("reberth:{}", &sha256_hex(stream.as_bytes())[..40]);
    let what = "another process that is beginning this stream";
    target.lock_named(&lock, BEGIN_WAIT, what).await?;
    if state::peek(target, plan.direction, &plan.database)
        .await?
        .is_none()
    {
        begin_copy(plan, flavour, source, target).await?;
    }
    target
        .run(
            "giving the right to begin back",
            format!("DO RELEASE_LOCK({})", quote_text(&lock)),
        )
        .await?;
    Ok(())
}

/// Takes the first position and the schema, and makes the empty tables.
async fn begin_copy(
    plan: &StreamPlan,
    flavour: Flavour,
    source: &mut Session,
    target: &mut Session,
) -> Result<(), ReplicateError> {
    let position = server::visible_position(source, flavour).await?;
    // Asked after the position was taken: what is prepared before it is then either listed, or committed and in every chunk.
    if server::undecided_transactions(source)
        .await?
        .is_some_and(|count| count > 0)
    {
        return Err(ReplicateError::Blocked(vec![
            "the source holds prepared transactions that nobody has decided (XA RECOVER); decide them, then start again".to_owned(),
        ]));
    }
    let schema = schema::read(source, &plan.database).await?;
    let target_flavour = server::version(target).await?.flavour;
    let schema = translate::schema(schema, flavour, target_flavour)?;
    make_tables(source, target, &schema).await?;
    let checkpoint = Checkpoint {
        phase: Phase::Copying,
        certain_from: position.clone(),
        position,
        executed: server::executed(source, flavour).await?,
        source_identity: server::identity(source, flavour).await?,
        schema,
    };
    state::begin(target, plan.direction, &plan.database, &checkpoint).await
}

/// Makes the target's tables without secondary indexes and foreign keys. Tables found there must be those of an earlier, interrupted
/// try: of the same names and without a row. They are made anew, because the source may have changed them since.
async fn make_tables(
    source: &mut Session,
    target: &mut Session,
    schema: &Schema,
) -> Result<(), ReplicateError> {
    let database = quote_name(&schema.database);
    let defaults = format!(
        "CHARACTER SET {} COLLATE {}",
        schema.charset, schema.collation
    );
    let sql = format!("CREATE DATABASE IF NOT EXISTS {database} {defaults}");
    target.run("making the database", sql).await?;
    refuse_strangers(target, schema).await?;
    // It may have stood there with defaults of its own, in which a table that the source makes later would hold other letters by the same bytes.
    let sql = format!("ALTER DATABASE {database} {defaults}");
    target
        .run("giving the database the source's defaults", sql)
        .await?;
    target
        .run("choosing the database", format!("USE {database}"))
        .await?;
    sequence::make(source, target, &schema.database, &schema.sequences).await?;
    for name in schema.tables.keys() {
        let sql = format!("DROP TABLE IF EXISTS {database}.{}", quote_name(name));
        target.run("replacing an empty table", sql).await?;
    }
    make_empty(source, target, schema, schema.tables.values()).await
}

/// Makes tables without secondary indexes and foreign keys, under the source's sql_mode as far as it decides what they may hold.
pub(crate) async fn make_empty<'a>(
    source: &mut Session,
    target: &mut Session,
    schema: &Schema,
    tables: impl Iterator<Item = &'a Table>,
) -> Result<(), ReplicateError> {
    let mode: Option<String> = source
        .row("asking for the sql_mode", "SELECT @@global.sql_mode")
        .await?;
    let from = server::version(source).await?.flavour;
    let to = server::version(target).await?.flavour;
    let mode = sql_mode::for_definitions(&mode.unwrap_or_default(), from, to);
    let modes = format!("SET sql_mode = {}", quote_text(&mode));
    target.run("setting the source's sql_mode", modes).await?;
    target.run("speaking utf8mb4", "SET NAMES utf8mb4").await?;
    for table in tables {
        target
            .run(
                "choosing the database",
                format!("USE {}", quote_name(&schema.database)),
            )
            .await?;
        target
            .run(
                &format!("making table {}", table.name),
                take_apart(table).create,
            )
            .await?;
    }
    for setup in server::WRITER_SETUP {
        target.run("setting the session up again", setup).await?;
    }
    Ok(())
}

/// An error if the target holds a table that is not the schema's, or a row.
async fn refuse_strangers(target: &mut Session, schema: &Schema) -> Result<(), ReplicateError> {
    let strangers = held(target, schema).await?.strangers;
    if strangers.is_empty() {
        return Ok(());
    }
    Err(ReplicateError::TargetNotEmpty {
        database: schema.database.clone(),
        tables: strangers.join(", "),
    })
}

/// What a target's database holds before the stream has begun.
pub(crate) struct Held {
    /// Up to five tables that are not the schema's, or hold a row.
    pub(crate) strangers: Vec<String>,
    /// Tables and sequences of the schema's names without a row: what an interrupted start leaves.
    pub(crate) empty_count: usize,
}

/// Looks at each table of the target's database; at none of its rows but the first.
pub(crate) async fn held(target: &mut Session, schema: &Schema) -> Result<Held, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}",
        quote_text(&schema.database)
    );
    let mut strangers = Vec::new();
    let mut empty_count = 0;
    for name in target
        .rows::<String>("listing the target's tables", sql)
        .await?
    {
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM {}.{} LIMIT 1) any_row",
            quote_name(&schema.database),
            quote_name(&name)
        );
        let rows: Option<u64> = target.row("counting rows", sql).await?;
        let is_known = schema.tables.contains_key(&name) && rows == Some(0);
        if is_known || schema.sequences.contains(&name) {
            empty_count += 1;
        } else {
            strangers.push(name);
        }
    }
    strangers.truncate(5);
    Ok(Held {
        strangers,
        empty_count,
    })
}
