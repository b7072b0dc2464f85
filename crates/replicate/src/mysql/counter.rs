//! AUTO_INCREMENT counters: carried at the cutover from the server's own counters, never from the highest id, because ids of rows that are
//! gone must not be given again.

use std::collections::BTreeMap;

use crate::connection::{REBUILD_LIMIT, Session};
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};
use crate::mysql::value::{quote_name, quote_text};

/// Numbers left free between the two sides, so that what was under way on either never meets.
pub const MARGIN: u64 = 1_000;

/// The next number of each table that counts, by table.
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
    Ok(session
        .rows::<(String, u64)>("reading counters", sql)
        .await?
        .into_iter()
        .collect())
}

/// Sets each counter of this server to the higher of its own and the `other` server's, plus a margin. Returns the counters as set.
pub async fn align(
    session: &mut Session,
    flavour: Flavour,
    database: &str,
    other: &BTreeMap<String, u64>,
) -> Result<BTreeMap<String, u64>, ReplicateError> {
    let own = read(session, flavour, database).await?;
    let mut set = BTreeMap::new();
    for (table, next) in own {
        let value = next.max(other.get(&table).copied().unwrap_or(0)) + MARGIN;
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
