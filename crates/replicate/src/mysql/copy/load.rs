//! Rows written by `LOAD DATA LOCAL`: they pass from the source's answer into the target's statement without being looked at.
//!
//! With `LOCAL` a server turns what would be an error into a warning: a duplicate is skipped, a value that does not fit is cut. So what was
//! loaded counts only if the server stored exactly as many rows as were sent, and has not a single warning; else the transaction is rolled
//! back and the rows are written by INSERT, whose errors are errors.

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Copied, Copier, RowSource};
use crate::connection::{Loaded, QUERY_LIMIT};
use crate::error::ReplicateError;
use crate::mysql::schema::Table;
use crate::mysql::value::{ColumnClass, quote_name};
use crate::mysql::wire::RowText;

/// Bytes of text that are handed on at once.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces that wait between reading and writing.
const WAITING_PIECES: usize = 2;

impl Copier<'_> {
    /// Passes the rows that were begun on to the target. `None`: the target did not store exactly what was sent.
    pub(super) async fn load_rows(
        &mut self,
        rows: &RowSource<'_>,
    ) -> Result<Option<Copied>, ReplicateError> {
        let doing = rows.doing.as_str();
        let sql = statement(rows.table, self.database);
        let silent = self.writer.address().silent(doing, QUERY_LIMIT);
        let (send, receive) = mpsc::channel::<Bytes>(WAITING_PIECES);
        let (reader, writer, publish) = (&mut self.reader, &mut self.writer, &self.publish);
        let throttle = &self.throttle;
        let mut text = RowText::new(rows.table.carried().count());
        let mut copied = Copied::default();
        let read = async {
            loop {
                let mut piece = Vec::with_capacity(PIECE_BYTES * 2);
                let goes_on = reader
                    .read_rows(doing, &mut text, &mut piece, PIECE_BYTES)
                    .await?;
                let told = copied;
                copied = Copied {
                    rows: text.rows(),
                    bytes: told.bytes + piece.len() as u64,
                };
                super::tell(publish, told, copied);
                throttle.pass(piece.len()).await;
                let sent = tokio::time::timeout(QUERY_LIMIT, send.send(Bytes::from(piece))).await;
                // Nobody receives any more: the statement has ended with an error, which it tells itself.
                if sent.is_err() || matches!(sent, Ok(Err(_))) || !goes_on {
                    return Ok::<bool, ReplicateError>(sent.is_ok());
                }
            }
        };
        let load = writer.load(doing, &sql, receive);
        tokio::pin!(load);
        let loaded = tokio::select! {
            loaded = &mut load => loaded,
            is_sent = read => {
                drop(send);
                if !is_sent? {
                    return Err(silent);
                }
                let ended = tokio::time::timeout(QUERY_LIMIT, load).await;
                ended.unwrap_or(Err(silent))
            }
        }?;
        Ok(is_exact(&loaded, copied.rows).then_some(copied))
    }
}

/// Whether the server stored every row that was sent, as it was sent.
fn is_exact(loaded: &Loaded, rows: u64) -> bool {
    // Records, deleted, skipped, warnings: in this order in every language that a server may speak.
    let counts = loaded
        .words
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|count| count.parse::<u64>().ok());
    loaded.rows == rows && loaded.warnings == 0 && counts.eq([rows, 0, 0, 0])
}

fn statement(table: &Table, database: &str) -> String {
    let mut columns = Vec::new();
    let mut converted = Vec::new();
    for index in table.carried() {
        let column = &table.columns[index];
        let name = quote_name(&column.name);
        // MySQL takes no JSON out of a binary string.
        if column.class == ColumnClass::Json {
            converted.push(format!("{name} = CONVERT(@value{index} USING utf8mb4)"));
            columns.push(format!("@value{index}"));
        } else {
            columns.push(name);
        }
    }
    let set = if converted.is_empty() {
        String::new()
    } else {
        format!(" SET {}", converted.join(", "))
    };
    format!(
        "LOAD DATA LOCAL INFILE 'rows' INTO TABLE {}.{} CHARACTER SET binary \
         FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ({}){set}",
        quote_name(database),
        quote_name(&table.name),
        columns.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_every_row_without_a_word_counts() {
        let told = |rows, warnings, words: &str| Loaded {
            rows,
            warnings,
            words: words.to_owned(),
        };
        for (loaded, expected) in [
            (
                told(3, 0, "Records: 3  Deleted: 0  Skipped: 0  Warnings: 0"),
                true,
            ),
            (
                told(2, 0, "Records: 3  Deleted: 0  Skipped: 1  Warnings: 0"),
                false,
            ),
            (
                told(3, 0, "Records: 3  Deleted: 0  Skipped: 0  Warnings: 1"),
                false,
            ),
            (
                told(3, 1, "Records: 3  Deleted: 0  Skipped: 0  Warnings: 0"),
                false,
            ),
            (
                told(2, 0, "Records: 2  Deleted: 0  Skipped: 0  Warnings: 0"),
                false,
            ),
            (told(3, 0, ""), false),
        ] {
            assert_eq!(is_exact(&loaded, 3), expected, "{loaded:?}");
        }
    }
}
