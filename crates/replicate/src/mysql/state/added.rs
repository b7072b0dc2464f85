//! Columns that came to Reberth's tables after a build had made them: a stream that an older build began goes on in this one.

use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::log::OWN_SCHEMA;

/// Table, column, and how it is defined. Each may be NULL, since the rows are there already.
const ADDED: [(&str, &str, &str); 3] = [
    (
        "stream",
        "raised_by",
        "CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER epoch",
    ),
    (
        "stream",
        "executed",
        "LONGTEXT CHARACTER SET ascii NULL AFTER source_identity",
    ),
    (
        "operation",
        "paused_epoch",
        "BIGINT UNSIGNED NULL AFTER paused_by",
    ),
];
/// The server's word that a column is there already: another process was faster.
const DUPLICATE_COLUMN: u16 = 1060;

/// Adds the columns that are missing.
pub(super) async fn add_columns(session: &mut Session) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '{OWN_SCHEMA}' AND TABLE_NAME IN ('stream', 'operation')"
    );
    let present: Vec<(String, String)> = session
        .rows("looking at the columns of Reberth's tables", sql)
        .await?;
    for (table, column, definition) in ADDED {
        if present.iter().any(|(t, c)| t == table && c == column) {
            continue;
        }
        let sql = format!("ALTER TABLE {OWN_SCHEMA}.{table} ADD COLUMN {column} {definition}");
        match session
            .run("adding a column to Reberth's tables", sql)
            .await
        {
            Err(ReplicateError::Refused { source, .. })
                if source.mysql_code() == Some(DUPLICATE_COLUMN) => {}
            result => drop(result?),
        }
    }
    Ok(())
}
