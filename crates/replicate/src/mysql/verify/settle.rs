//! Looks at what differs again and again, until it is equal, truly different, or left open.

use std::collections::BTreeMap;

use super::hashes::{hashes_query, read_hashes, read_sums, sums_query};
use super::report::{Difference, VerifyReport};
use super::sides::{STILL_TRIES, Sides, TRIES, WAIT};
use crate::error::ReplicateError;
use crate::mysql::fold::Key;
use crate::mysql::schema::{Schema, Table};
use crate::mysql::value::Datum;

/// Differences named in the report at the most; all are counted.
const NAMED_AT_MOST: usize = 100;

/// A table is compared as a whole until it is equal or stands still.
pub(crate) async fn compare_whole(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    condition: &[u8],
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    let doing = format!("hashing table {}", table.name);
    let mut last = None;
    let mut still = 0;
    let mut behind = 0;
    for _ in 0..TRIES {
        let met = sides.meet().await?;
        behind += usize::from(!met);
        if behind > STILL_TRIES {
            break;
        }
        let (source, target) = sides
            .ask(&doing, &sums_query(schema, table, condition))
            .await?;
        let now = (read_sums(&source), read_sums(&target));
        if now.0 == now.1 {
            return Ok(());
        }
        still = if met && last.as_ref() == Some(&now) {
            still + 1
        } else {
            0
        };
        if still >= STILL_TRIES {
            let key = format!("{} rows on the source, {} on the target", now.0.0, now.1.0);
            report.differing += now.0.0.abs_diff(now.1.0).max(1);
            report.differences.push(Difference {
                table: table.name.clone(),
                key,
                kind: "different".to_owned(),
            });
            return Ok(());
        }
        last = Some(now);
        tokio::time::sleep(WAIT).await;
    }
    report.open.push(Difference {
        table: table.name.clone(),
        key: "whole table".to_owned(),
        kind: "changing".to_owned(),
    });
    Ok(())
}

/// What each differing key holds on both sides.
type Differing = BTreeMap<Key, (Option<Vec<u8>>, Option<Vec<u8>>)>;

pub(crate) async fn differing_keys(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    condition: &[u8],
) -> Result<Differing, ReplicateError> {
    let doing = format!("comparing rows of table {}", table.name);
    let (source, target) = sides
        .ask(&doing, &hashes_query(schema, table, condition))
        .await?;
    let (source, mut target) = (read_hashes(table, source), read_hashes(table, target));
    let mut differing = Differing::new();
    for (key, hash) in source {
        let other = target.remove(&key);
        if other.as_ref() != Some(&hash) {
            differing.insert(key, (Some(hash), other));
        }
    }
    differing.extend(
        target
            .into_iter()
            .map(|(key, hash)| (key, (None, Some(hash)))),
    );
    Ok(differing)
}

/// Reads differing keys again until each is equal, truly different, or left open.
pub(crate) async fn settle(
    sides: &mut Sides,
    schema: &Schema,
    table: &Table,
    mut differing: Differing,
    report: &mut VerifyReport,
) -> Result<(), ReplicateError> {
    let mut still: BTreeMap<Key, usize> = BTreeMap::new();
    let mut behind = 0;
    for _ in 0..TRIES {
        if differing.is_empty() {
            return Ok(());
        }
        let met = sides.meet().await?;
        behind += usize::from(!met);
        if behind > STILL_TRIES {
            break;
        }
        let mut now = Differing::new();
        let keys: Vec<&Key> = differing.keys().collect();
        for some in keys.chunks(200) {
            let mut condition = Vec::new();
            crate::mysql::apply::write_key_list(table, some, &mut condition);
            now.extend(differing_keys(sides, schema, table, &condition).await?);
        }
        for (key, values) in &now {
            let count = still.entry(key.clone()).or_default();
            *count = if met && differing.get(key) == Some(values) {
                *count + 1
            } else {
                0
            };
        }
        for (key, values) in std::mem::take(&mut now) {
            if still.get(&key).is_some_and(|count| *count >= STILL_TRIES) {
                report.differing += 1;
                if report.differences.len() < NAMED_AT_MOST {
                    report.differences.push(describe(table, &key, &values));
                }
            } else {
                now.insert(key, values);
            }
        }
        differing = now;
        tokio::time::sleep(WAIT).await;
    }
    report.open.extend(
        differing
            .iter()
            .take(NAMED_AT_MOST)
            .map(|(key, values)| describe(table, key, values)),
    );
    Ok(())
}

fn describe(table: &Table, key: &Key, values: &(Option<Vec<u8>>, Option<Vec<u8>>)) -> Difference {
    let kind = match values {
        (Some(_), None) => "missing",
        (None, Some(_)) => "extra",
        _ => "different",
    };
    let key: Vec<String> = key
        .iter()
        .map(|datum| match datum {
            Datum::Null => "NULL".to_owned(),
            Datum::Plain(text) => text.clone(),
            Datum::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        })
        .collect();
    Difference {
        table: table.name.clone(),
        key: key.join(","),
        kind: kind.to_owned(),
    }
}
