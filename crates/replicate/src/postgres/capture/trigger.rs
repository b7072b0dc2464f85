//! The text of the triggers and their functions.
//!
//! A statement's rows come to an AFTER trigger as a whole, as a transition table, and their keys are noted by one INSERT: far cheaper than a call for each row.
//! Partitions and tables of inheritance have a trigger for each row instead: a statement on the parent touches them, and fires only
//! the parent's statement triggers.
//!
//! The functions run as their owner, since the application's roles need no right on `reberth` (rule 29: as invoker, the application's own write failed), with a fixed search path.
//! They catch nothing: a change that cannot be noted must not commit.

use super::keyless;
use super::keys::Captured;
use crate::postgres::value::quote_name;

/// Names of our triggers begin so, everywhere.
pub(crate) const PREFIX: &str = "reberth_";
/// Settings under which every text that is noted means one value on every server.
const SETTINGS: &str = " SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 3 SET bytea_output = 'hex' SET lc_monetary = 'C'";

/// The function that notes the changes of a table.
pub(crate) fn function(captured: &Captured) -> String {
    let settings = if captured.has_plain_key() {
        ""
    } else {
        SETTINGS
    };
    let oid = captured.table.oid;
    let noting = match captured.is_in_tree {
        true => note_each_row(captured),
        false => note_statement(captured),
    };
    // Transactions that carry our own mark bring what comes from the other side (rule 32).
    format!(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp{settings} AS $reberth$
BEGIN
  IF current_setting('reberth.origin', true) <> '' THEN RETURN NULL; END IF;
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO reberth.change (part, table_id, key) SELECT {part}, {oid}, NULL FROM reberth.capture s WHERE s.is_on;
{noting}
  END IF;
  IF date_part('microseconds', clock_timestamp())::int % {check} = 0 THEN PERFORM reberth.capture_check(); END IF;
  RETURN NULL;
END $reberth$",
        name = function_name(oid),
        part = PART,
        check = CHECK_EVERY,
    )
}

/// The part of `reberth.change` that takes what is noted now.
pub(crate) const PART: &str = "date_part('minute', clock_timestamp())::int % 4";
/// One in so many statements looks at the size. By the clock, since `random()` would disturb an application that seeded it.
const CHECK_EVERY: u32 = 100;

pub(crate) fn function_name(oid: u32) -> String {
    format!("reberth.capture_{oid}")
}

/// What is noted of a row that goes and of one that comes.
fn noted(captured: &Captured, old: &str, new: &str) -> (String, String) {
    match captured.is_keyless() {
        true => (
            keyless::noted(&captured.table, '-', old),
            keyless::noted(&captured.table, '+', new),
        ),
        false => (captured.noted(old), captured.noted(new)),
    }
}

fn note_statement(captured: &Captured) -> String {
    let insert = format!(
        "INSERT INTO reberth.change (part, table_id, key) SELECT {PART}, {}, ",
        captured.table.oid
    );
    let (old, new) = noted(captured, "o", "n");
    // A key is needed once; whole rows are counted.
    let and = match captured.is_keyless() {
        true => "UNION ALL",
        false => "UNION",
    };
    format!(
        "  ELSIF TG_OP = 'INSERT' THEN
    {insert}{new} FROM reberth_new n, reberth.capture s WHERE s.is_on;
  ELSIF TG_OP = 'DELETE' THEN
    {insert}{old} FROM reberth_old o, reberth.capture s WHERE s.is_on;
  ELSE
    {insert}k.key FROM (SELECT {old} FROM reberth_old o {and} SELECT {new} FROM reberth_new n) k (key), reberth.capture s WHERE s.is_on;"
    )
}

fn note_each_row(captured: &Captured) -> String {
    let insert = format!(
        "INSERT INTO reberth.change (part, table_id, key) SELECT {PART}, {}, ",
        captured.table.oid
    );
    let (old, new) = noted(captured, "OLD", "NEW");
    let from = "FROM reberth.capture s WHERE s.is_on";
    format!(
        "  ELSIF TG_OP = 'INSERT' THEN
    {insert}{new} {from};
  ELSIF TG_OP = 'DELETE' THEN
    {insert}{old} {from};
  ELSE
    {insert}{new} {from};
    IF {old} <> {new} THEN {insert}{old} {from}; END IF;"
    )
}

/// The triggers of a table; they fire whatever `session_replication_role` is.
pub(crate) fn triggers(captured: &Captured) -> Vec<String> {
    let path = captured.table.path();
    let call = format!("EXECUTE FUNCTION {}()", function_name(captured.table.oid));
    let mut statements = Vec::new();
    let mut names = Vec::new();
    for (event, transition) in [
        ("INSERT", " REFERENCING NEW TABLE AS reberth_new"),
        (
            "UPDATE",
            " REFERENCING OLD TABLE AS reberth_old NEW TABLE AS reberth_new",
        ),
        ("DELETE", " REFERENCING OLD TABLE AS reberth_old"),
        ("TRUNCATE", ""),
    ] {
        let name = quote_name(&format!("{PREFIX}capture_{}", event.to_lowercase()));
        let each = match (captured.is_in_tree, event) {
            (true, "INSERT" | "UPDATE" | "DELETE") => " FOR EACH ROW".to_owned(),
            _ => format!("{transition} FOR EACH STATEMENT"),
        };
        statements.push(format!(
            "CREATE TRIGGER {name} AFTER {event} ON {path}{each} {call}"
        ));
        names.push(format!("ENABLE ALWAYS TRIGGER {name}"));
    }
    statements.push(format!("ALTER TABLE {path} {}", names.join(", ")));
    statements
}
