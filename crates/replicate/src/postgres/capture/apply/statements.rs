//! The statements that read and write the touched rows of one table.

use crate::postgres::capture::{Captured, Cut};
use crate::postgres::value::quote_name;

pub(super) fn key_stage(oid: u32) -> String {
    quote_name(&format!("reberth_key_{oid}"))
}

pub(super) fn row_stage(oid: u32) -> String {
    quote_name(&format!("reberth_row_{oid}"))
}

/// What reads and writes the touched rows of one table.
pub(super) struct Statements {
    /// On the source: the keys to delete.
    pub(super) keys: String,
    pub(super) keys_in: String,
    /// On the source: the rows to write.
    pub(super) rows: String,
    pub(super) rows_in: String,
    pub(super) delete: String,
    pub(super) insert: String,
}

impl Statements {
    pub(super) fn of(captured: &Captured, from: &Cut) -> Statements {
        let oid = captured.table.oid;
        let path = captured.table.path();
        let (key_stage, row_stage) = (key_stage(oid), row_stage(oid));
        let (keys, columns) = (captured.key_names(), captured.stored_names());
        let touched = format!(
            "SELECT DISTINCT {} FROM reberth.change WHERE table_id = {oid} AND key IS NOT NULL AND {}",
            captured.read_back(),
            from.unseen()
        );
        let in_place = can_update_in_place(captured);
        let gone = match in_place {
            true => format!(
                " WHERE NOT EXISTS (SELECT FROM ONLY {path} t WHERE {})",
                captured.same_key("t", "k")
            ),
            false => String::new(),
        };
        let listed: Vec<String> = captured
            .table
            .stored()
            .map(|column| format!("t.{}", quote_name(&column.name)))
            .collect();
        Statements {
            keys: format!("SELECT {keys} FROM ({touched}) k{gone}"),
            keys_in: format!("COPY pg_temp.{key_stage} FROM STDIN"),
            rows: format!(
                "SELECT {} FROM ({touched}) k JOIN ONLY {path} t ON {}",
                listed.join(", "),
                captured.same_key("t", "k")
            ),
            rows_in: format!("COPY pg_temp.{row_stage} FROM STDIN"),
            delete: format!(
                "DELETE FROM ONLY {path} t USING pg_temp.{key_stage} k WHERE {}",
                captured.same_key("t", "k")
            ),
            insert: format!(
                "INSERT INTO {path} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM pg_temp.{row_stage}{}",
                if in_place {
                    on_conflict(captured)
                } else {
                    String::new()
                }
            ),
        }
    }
}

/// Whether a row that is there already may be updated where it stands: no other unique index is in the way, and every column can be set.
fn can_update_in_place(captured: &Captured) -> bool {
    let is_key = |name: &str| captured.key.iter().any(|column| column.name == name);
    let mut stored = captured.table.stored();
    let can_set = stored.all(|column| !column.is_identity_always || is_key(&column.name));
    can_set && !captured.table.has_other_unique
}

fn on_conflict(captured: &Captured) -> String {
    let set: Vec<String> = captured
        .table
        .stored()
        .filter(|column| !column.is_identity_always)
        .map(|column| {
            let name = quote_name(&column.name);
            format!("{name} = excluded.{name}")
        })
        .collect();
    let keys = captured.key_names();
    match set.is_empty() {
        true => format!(" ON CONFLICT ({keys}) DO NOTHING"),
        false => format!(" ON CONFLICT ({keys}) DO UPDATE SET {}", set.join(", ")),
    }
}
