//! What trigger capture writes on the source: listed, hashed and consented to before, made in short transactions, one table each.

use ring::digest::{SHA256, digest};

use super::catalogue::{self, Triggers};
use super::keys::Captured;
use super::{short_lock, trigger};
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;

/// Parts of the change table, each for one minute of every four.
pub const PARTS: u32 = 4;

/// Something that would be written on the source, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The table whose writers wait for it, as its quoted path; `None`: nobody waits.
    pub table: Option<String>,
    /// The statements, word by word.
    pub statements: Vec<String>,
}

/// All that would be written on the source, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writes(Vec<Write>);

impl Writes {
    /// What capturing these tables writes. At `limit_bytes` of noted changes the capture switches itself off.
    pub fn of(captured: &[Captured], limit_bytes: u64) -> Writes {
        let mut writes = vec![Write {
            table: None,
            statements: base(limit_bytes),
        }];
        for one in captured {
            let mut statements = vec![trigger::function(one)];
            statements.extend(trigger::triggers(one));
            writes.push(Write {
                table: Some(one.table.path()),
                statements,
            });
        }
        Writes(writes)
    }

    /// Each transaction of it.
    pub fn list(&self) -> &[Write] {
        &self.0
    }

    /// What a person consents to: SHA-256 over every statement, in hexadecimal.
    pub fn hash(&self) -> String {
        let statements = self.0.iter().flat_map(|write| &write.statements);
        let text: String = statements
            .map(|statement| format!("{statement};\n"))
            .collect();
        let hash = digest(&SHA256, text.as_bytes());
        hash.as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// The schema, the change table, and the switch.
fn base(limit_bytes: u64) -> Vec<String> {
    let mut statements = vec![
        "CREATE SCHEMA IF NOT EXISTS reberth".to_owned(),
        "CREATE TABLE IF NOT EXISTS reberth.capture (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), is_on boolean NOT NULL, limit_bytes bigint NOT NULL)".to_owned(),
        format!("INSERT INTO reberth.capture (is_on, limit_bytes) VALUES (true, {limit_bytes}) ON CONFLICT DO NOTHING"),
        "CREATE TABLE IF NOT EXISTS reberth.change (part smallint NOT NULL, xid xid8 NOT NULL DEFAULT pg_current_xact_id(), table_id oid NOT NULL, key text[]) PARTITION BY LIST (part)".to_owned(),
    ];
    for part in 0..PARTS {
        // Nothing in a part is ever dead, so there is nothing to vacuum; a vacuum would only be in the way of emptying it.
        statements.push(format!(
            "CREATE TABLE IF NOT EXISTS reberth.change_{part} PARTITION OF reberth.change FOR VALUES IN ({part}) WITH (autovacuum_enabled = off)"
        ));
        statements.push(format!(
            "CREATE INDEX IF NOT EXISTS change_{part}_xid ON reberth.change_{part} (xid, table_id)"
        ));
    }
    statements.push(check());
    statements
}

/// The function that switches the capture off at its limit, in a transaction of the application.
///
/// It never waits and never fails there: a row that another has locked is left to that one, and where a change meanwhile would be an error, it leaves it to
/// another transaction.
fn check() -> String {
    let sizes: Vec<String> = (0..PARTS)
        .map(|part| format!("pg_total_relation_size('reberth.change_{part}')"))
        .collect();
    format!(
        "CREATE OR REPLACE FUNCTION reberth.capture_check() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $reberth$
BEGIN
  IF current_setting('transaction_isolation') = 'read committed' THEN
    UPDATE reberth.capture SET is_on = false WHERE only_row IN (
      SELECT c.only_row FROM reberth.capture c WHERE c.is_on AND {} > c.limit_bytes FOR UPDATE SKIP LOCKED);
  END IF;
END $reberth$",
        sizes.join(" + ")
    )
}

/// Makes what is listed and is not there yet. It may be cut off anywhere and run again.
///
/// Afterwards every change of these tables is noted: the first snapshot is taken after this (rule 28).
pub async fn install(
    session: &mut Session,
    captured: &[Captured],
    limit_bytes: u64,
) -> Result<(), ReplicateError> {
    session
        .run(
            "making the capture quiet",
            "SET client_min_messages = warning",
        )
        .await?;
    let present = catalogue::triggers(session, captured).await?;
    for write in Writes::of(captured, limit_bytes).list() {
        let statements = write.statements.join(";\n");
        match &write.table {
            Some(table) => {
                let before = match present.get(table) {
                    Some(Triggers::Ready) => continue,
                    Some(Triggers::Broken) => drop_left_over(table),
                    Some(Triggers::Absent) | None => String::new(),
                };
                let doing = format!("making the triggers of {table}");
                let sql = format!("{before}{statements}");
                short_lock::run(session, &doing, table, &sql).await?;
            }
            None => {
                let lock = "SELECT pg_advisory_xact_lock(hashtext('reberth'), 1)";
                let sql = format!("BEGIN; {lock}; {statements}; COMMIT");
                session.run("making the schema of the capture", sql).await?;
            }
        }
    }
    refuse_switched_off(session).await
}

/// Removes triggers of a table that are there and not as they should be.
fn drop_left_over(table: &str) -> String {
    let names = ["insert", "update", "delete", "truncate"];
    let drops: Vec<String> = names
        .iter()
        .map(|event| {
            format!(
                "DROP TRIGGER IF EXISTS {}capture_{event} ON {table};\n",
                trigger::PREFIX
            )
        })
        .collect();
    drops.concat()
}

/// A capture that was switched off has a gap, which making its triggers again does not close.
pub(super) async fn refuse_switched_off(session: &mut Session) -> Result<(), ReplicateError> {
    let sql = "SELECT is_on FROM reberth.capture";
    match session
        .row::<(bool,)>("asking for the switch of the capture", sql)
        .await?
    {
        Some((true,)) => Ok(()),
        _ => Err(ReplicateError::CaptureLost {
            reason: "an earlier capture of this database was switched off at its size limit"
                .to_owned(),
        }),
    }
}

/// Whether a capture is installed, in whatever state.
pub(crate) async fn is_there(session: &mut Session) -> Result<bool, ReplicateError> {
    let sql = "SELECT to_regclass('reberth.capture') IS NOT NULL";
    let row: Option<(bool,)> = session.row("looking for the capture", sql).await?;
    Ok(row == Some((true,)))
}

/// The size at which the capture goes, as it was installed.
pub(crate) async fn limit_bytes(session: &mut Session) -> Result<u64, ReplicateError> {
    let sql = "SELECT limit_bytes FROM reberth.capture";
    let row: Option<(u64,)> = session
        .row("asking for the limit of the capture", sql)
        .await?;
    Ok(row.map_or(0, |(bytes,)| bytes))
}

/// What the noted changes take on the source's disk.
pub async fn noted_bytes(session: &mut Session) -> Result<u64, ReplicateError> {
    let sql = format!(
        "SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits WHERE inhparent = to_regclass({})",
        quote_text("reberth.change")
    );
    let row: Option<(u64,)> = session.row("measuring the noted changes", sql).await?;
    Ok(row.map_or(0, |(bytes,)| bytes))
}
