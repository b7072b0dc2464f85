//! AUTO_INCREMENT counters: carried at the cutover from the server's own counters, never from the highest id, because ids of rows that are
//! gone must not be given again.

use std::collections::BTreeMap;

use crate::connection::{REBUILD_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};
use crate::mysql::value::{quote_name, quote_text};

/// Numbers left free between the two sides at the most, so that what was under way on either never meets.
pub const MARGIN: u64 = 1_000;
/// No margin takes more than this part of the numbers that a column has left: a TINYINT has 255 in all, and past its last one every INSERT fails.
const PART_OF_ROOM: u64 = 16;

/// The next number of each table that counts, by table. Where all are given, MariaDB tells one more than the column can hold and MySQL the last: here it is the last.
pub async fn read(
    session: &mut Session,
    flavour: Flavour,
    database: &str,
) -> Result<BTreeMap<String, u64>, ReplicateError> {
    if flavour == Flavour::MySql {
        // Otherwise MySQL answers from statistics that may be a day old.
        session
            .run(
                "asking for counters as they are",
                "SET SESSION information_schema_stats_expiry = 0",
            )
            .await?;
    }
    let sql = format!(
        "SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND AUTO_INCREMENT IS NOT NULL ORDER BY 1",
        quote_text(database)
    );
    let counters: Vec<(String, u64)> = session.rows("reading counters", sql).await?;
    let highest = highest_numbers(session, database).await?;
    let told = |(table, next): (String, u64)| {
        let highest = highest.get(&table).copied().unwrap_or(u64::MAX);
        (table, next.min(highest))
    };
    Ok(counters.into_iter().map(told).collect())
}

/// The highest number of each column that numbers itself, by table.
async fn highest_numbers(
    session: &mut Session,
    database: &str,
) -> Result<BTreeMap<String, u64>, ReplicateError> {
    let sql = format!(
        "SELECT TABLE_NAME, LOWER(COLUMN_TYPE) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND EXTRA LIKE '%auto_increment%'",
        quote_text(database)
    );
    let columns: Vec<(String, String)> = session
        .rows("reading the types of columns that count", sql)
        .await?;
    let highest = |(table, column): (String, String)| (table, highest_number(&column));
    Ok(columns.into_iter().map(highest).collect())
}

/// The highest number that a column of that type counts to.
fn highest_number(column_type: &str) -> u64 {
    let name = column_type.split(['(', ' ']).next().unwrap_or_default();
    let bits = match name {
        "tinyint" => 8,
        "smallint" => 16,
        "mediumint" => 24,
        "int" => 32,
        // Whole numbers up to here are exact in it.
        "float" => return 1 << 24,
        "double" => return 1 << 53,
        _ => 64,
    };
    let all = u64::MAX >> (64 - bits);
    match column_type.contains("unsigned") {
        true => all,
        false => all >> 1,
    }
}

/// The counter that leaves a margin behind `next`.
fn ahead_of(next: u64, highest: u64) -> u64 {
    next + MARGIN.min(highest.saturating_sub(next) / PART_OF_ROOM)
}

/// Sets each counter of this server to the higher of its own and the `other` server's, plus a margin. Returns the counters as set.
pub async fn align(
    session: &mut Session,
    flavour: Flavour,
    database: &str,
    other: &BTreeMap<String, u64>,
) -> Result<BTreeMap<String, u64>, ReplicateError> {
    let own = read(session, flavour, database).await?;
    let highest = highest_numbers(session, database).await?;
    let mut set = BTreeMap::new();
    for (table, next) in own {
        let next = next.max(other.get(&table).copied().unwrap_or(0));
        let value = ahead_of(next, highest.get(&table).copied().unwrap_or(u64::MAX));
        let sql = format!(
            "ALTER TABLE {}.{} AUTO_INCREMENT = {value}",
            quote_name(database),
            quote_name(&table)
        );
        session
            .run_within(
                REBUILD_LIMIT,
                &format!("aligning the counter of table {table}"),
                sql,
            )
            .await?;
        set.insert(table, value);
    }
    let now = read(session, flavour, database).await?;
    for (table, value) in &set {
        if now.get(table).is_none_or(|now| now < value) {
            return Err(ReplicateError::Diverged {
                table: table.clone(),
                position: server::log_end(session, flavour).await?,
                detail: format!(
                    "its counter was set to {value} and reads {:?}",
                    now.get(table)
                ),
            });
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_leaves_numbers_in_every_type() {
        for (column_type, next, wanted) in [
            ("tinyint(3) unsigned", 17, 31),
            ("tinyint", 120, 120),
            ("smallint", 32_001, 32_048),
            ("mediumint unsigned", 1, 1_001),
            ("int", 1, 1_001),
            ("int(11)", 2_147_483_647, 2_147_483_647),
            ("bigint(20) unsigned", u64::MAX, u64::MAX),
            ("bigint", 5, 1_005),
            ("float", 5, 1_005),
        ] {
            assert_eq!(
                ahead_of(next, highest_number(column_type)),
                wanted,
                "{column_type}"
            );
        }
    }
}
