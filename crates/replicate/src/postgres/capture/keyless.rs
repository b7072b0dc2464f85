//! Tables without a key: their changes are counted, row by row.
//!
//! Such a table is a bag of rows, of which some may be alike. The trigger notes the image of every row version that comes, with a plus, and of every one that goes, with a
//! minus: the texts of all stored columns, as the types' own output functions give them.
//!
//! # Why a sum of images is right where an order of images is not
//!
//! A bag is told by how often each image stands in it. Every version of a row begins once and ends at most once, and each beginning and each ending is one event of
//! one AFTER trigger, whatever triggers of the application, cascades, upserts or savepoints led to it; an update is both. So between two states of the table the number of rows with an image
//! changes by the pluses less the minuses of that image in all transactions that the later state shows and the earlier does not. Addition has no order: images that come
//! in the wrong one (rule 27) give the same sum, and so do transactions that commit in another order than they wrote. What was rolled back has taken its notes along.
//! The source's table is not read, so its size costs nothing, and nothing done to its file disturbs a batch.
//!
//! *A sum needs an exact beginning* (rule 6): where a key is applied twice the row is the same, a difference counted twice is wrong. A copied table stands at the snapshot
//! that it was read in, which is later than S_0, so only what neither the checkpoint nor that snapshot shows is counted ([`unseen`]). A table that was emptied or
//! rewritten is read whole in the batch's snapshot, since within one transaction nobody can tell what came before a TRUNCATE and what after it.
//!
//! *On the target* an image is read by its type's input function into a temporary table, and rows are the same if all columns have the same text there: so types without
//! an equality, NULLs, the sign of zero, the digits of a numeric and trailing blanks all count. Columns that are NOT NULL, of types whose equal values have equal texts or more, are compared by value besides,
//! so that an index or a hash finds the rows. Exactly as many rows go as the sum says; fewer is an error ([`ReplicateError::Diverged`]), and nothing of the batch is kept.
//!
//! Where a text is a name of the catalogue (`regclass`, `aclitem`, the label of an enum), who renames the thing changes the image of rows that nobody touched. Then a row that goes later
//! is not found on the target, and the stream stops.

use super::{Captured, Cut};
use crate::connection::LONG_STATEMENT_LIMIT;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::session::Session;
use crate::postgres::table::{Column, Table};
use crate::postgres::value::quote_name;

/// The sum of an image, beside the columns of its row.
const SUM: &str = "\"reberth_sum\"";

/// Types of the server whose values are equal if their texts are: bool, bigint, smallint, integer, text, varchar, date, timestamp, timestamptz, numeric, uuid (`pg_type.dat`).
pub(crate) const COMPARED_BY_VALUE: &[u32] =
    &[16, 20, 21, 23, 25, 1043, 1082, 1114, 1184, 1700, 2950];

/// How the planner may find the rows of an image; sessions that write have only nested loops with an index otherwise. Not by sorting the whole table, which it
/// was seen to choose without statistics.
const WAYS: [&str; 3] = ["enable_seqscan", "enable_hashjoin", "enable_bitmapscan"];

/// The image of a row as it is noted: the sign, then the text of each column. `format` calls a type's output function, where a cast to text would take
/// blanks off a `bpchar`.
pub(super) fn noted(table: &Table, sign: char, row: &str) -> String {
    let text = |column: &Column| {
        let value = format!("{row}.{}", quote_name(&column.name));
        format!(", CASE WHEN {value} IS DISTINCT FROM NULL THEN format('%s', {value}) END")
    };
    let texts: String = table.stored().map(text).collect();
    format!("ARRAY['{sign}'{texts}]")
}

/// A condition on noted changes: neither the checkpoint shows them, nor the snapshot in which the table was copied.
fn unseen(from: &Cut, copied: Option<&Cut>) -> String {
    match copied {
        Some(copied) => format!("{} AND {}", from.unseen(), copied.unseen()),
        None => from.unseen(),
    }
}

/// What counts and writes the changed rows of one table.
pub(super) struct Statements {
    /// On the source: each image with its sum.
    pub(super) sums: String,
    /// On the target.
    pub(super) sums_in: String,
    /// How many rows are to go.
    going: String,
    delete: String,
    insert: String,
}

impl Statements {
    pub(super) fn of(captured: &Captured, from: &Cut, copied: Option<&Cut>) -> Statements {
        let table = &captured.table;
        let (path, stage) = (table.path(), stage_name(table.oid));
        let texts: String = (1..=table.stored().count())
            .map(|place| format!("key[{place}], "))
            .collect();
        let names: Vec<String> = table
            .stored()
            .map(|column| quote_name(&column.name))
            .collect();
        // A table without columns has rows all the same.
        let list = match names.is_empty() {
            true => String::new(),
            false => format!("({}) OVERRIDING SYSTEM VALUE ", names.join(", ")),
        };
        let all = |row: &str| {
            let columns: Vec<String> = names.iter().map(|name| format!("{row}.{name}")).collect();
            columns.join(", ")
        };
        Statements {
            sums: format!(
                "SELECT {texts}noted FROM (SELECT key[2:] AS key, sum(CASE key[1] WHEN '+' THEN 1 ELSE -1 END) AS noted \
                 FROM reberth.change WHERE table_id = {} AND key IS NOT NULL AND {} GROUP BY 1) AS k WHERE noted <> 0",
                table.oid,
                unseen(from, copied)
            ),
            sums_in: format!("COPY pg_temp.{stage} FROM STDIN"),
            going: format!(
                "SELECT coalesce(sum(-{SUM}), 0)::bigint FROM pg_temp.{stage} WHERE {SUM} < 0"
            ),
            delete: format!(
                "DELETE FROM ONLY {path} AS d USING (SELECT t.ctid AS place, row_number() OVER (PARTITION BY s.ctid) AS number, s.{SUM} AS noted \
                 FROM pg_temp.{stage} AS s JOIN ONLY {path} AS t ON {} WHERE s.{SUM} < 0) AS p WHERE d.ctid = p.place AND p.number <= -p.noted",
                same_row(table)
            ),
            insert: format!(
                "INSERT INTO {path} {list}SELECT {} FROM pg_temp.{stage} AS s, generate_series(1, s.{SUM})",
                all("s")
            ),
        }
    }

    /// Carries the sums out on the target. `log_end` is told where the target does not hold what is to go.
    pub(super) async fn write(
        &self,
        target: &mut Session,
        captured: &Captured,
        log_end: &LogPosition,
    ) -> Result<(), ReplicateError> {
        let doing = format!("applying to {}", captured.table.path());
        let going: Option<(u64,)> = target.row(&doing, &self.going).await?;
        let (going,) = going.unwrap_or_default();
        if going > 0 {
            target.run(&doing, ways("on").join("; ")).await?;
            let gone = target
                .run_within(LONG_STATEMENT_LIMIT, &doing, &self.delete)
                .await?;
            target.run(&doing, ways("off").join("; ")).await?;
            if gone != going {
                return Err(ReplicateError::Diverged {
                    table: captured.table.path(),
                    position: log_end.clone(),
                    detail: format!(
                        "{going} row(s) should have gone, and {gone} of them were there"
                    ),
                });
            }
        }
        target
            .run_within(LONG_STATEMENT_LIMIT, &doing, &self.insert)
            .await
            .map(drop)
    }
}

/// The statements that leave the planner all ways until the end of the transaction, or take them away again.
pub(crate) fn ways(word: &str) -> [String; 3] {
    WAYS.map(|way| format!("SET LOCAL {way} = {word}"))
}

/// The condition that a row of the table is one of the temporary table, text by text.
fn same_row(table: &Table) -> String {
    let row = |name: &str| {
        let columns: Vec<String> = table
            .stored()
            .map(|column| format!("{name}.{}", quote_name(&column.name)))
            .collect();
        format!("ROW({})::text", columns.join(", "))
    };
    let by_value = table
        .stored()
        .filter(|column| column.is_not_null && COMPARED_BY_VALUE.contains(&column.type_oid))
        .map(|column| {
            let name = quote_name(&column.name);
            format!(" AND t.{name} = s.{name}")
        });
    format!(
        "{} = {}{}",
        row("t"),
        row("s"),
        by_value.collect::<String>()
    )
}

fn stage_name(oid: u32) -> String {
    quote_name(&format!("reberth_image_{oid}"))
}

/// The statement that makes the temporary table of images, with the table's column types and nothing else.
pub(super) fn stage(table: &Table) -> String {
    let columns: String = table
        .stored()
        .map(|column| format!("{}, ", quote_name(&column.name)))
        .collect();
    format!(
        "CREATE TEMPORARY TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT {columns}0::bigint AS {SUM} FROM ONLY {} WITH NO DATA",
        stage_name(table.oid),
        table.path()
    )
}
