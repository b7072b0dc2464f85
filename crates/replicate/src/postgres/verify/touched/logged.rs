//! The keys that the source's log names, read from the base's own slot.
//!
//! A key is looked up as soon as too many are held, so in the middle of a transaction as well. By then everybody must see that transaction: its commit
//! stands in the log, and may be hidden still. So the numbers of the transactions read are kept until a snapshot shows them.

use std::collections::HashMap;
use std::time::Duration;

use super::comparison::Comparison;
use crate::error::ReplicateError;
use crate::position::LogPosition;
use crate::postgres::base;
use crate::postgres::behind::wait_until_nobody_reads;
use crate::postgres::logical::decode::{Message, Old, Relation, Tuple, Value};
use crate::postgres::logical::reader::{Read, Reader, STATUS_INTERVAL, Sends};
use crate::postgres::plan::StreamPlan;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;
use crate::postgres::visible::Visible;

/// Transactions whose visibility is not asked for yet, at the most.
const TRANSACTIONS_MOST: usize = 100_000;
/// How often, and how long, it is looked whether they are seen.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS_MOST: usize = 3_000;

/// What the log calls a table.
struct Named {
    path: String,
    /// The places of its key among a row's fields; `None`: its changes do not tell it.
    key: Option<Vec<usize>>,
}

/// Reads the log from the base to a place, and compares what it names. Returns the reader, which has let nothing go yet.
pub(super) async fn read(
    plan: &StreamPlan,
    until: &LogPosition,
    comparison: &mut Comparison<'_>,
) -> Result<Reader, ReplicateError> {
    let from = begin(plan, comparison.source()).await?;
    let mut reader = Reader::open_slot(plan, &plan.base_slot(), &from, Sends::Committed).await?;
    let mut reading = Reading {
        relations: HashMap::new(),
        transactions: Vec::new(),
        is_within: false,
        reached: from.offset(),
    };
    while reading.is_within || reading.reached < until.offset() {
        // Its own word would let the log go before it was compared.
        reader.tell(from.offset()).await?;
        if comparison.is_full() || reading.transactions.len() >= TRANSACTIONS_MOST {
            reading.wait_until_seen(comparison.source()).await?;
            while comparison.compare_some().await? {
                reader.tell(from.offset()).await?;
            }
        }
        if !reader.has_buffered() {
            tokio::select! {
                waited = reader.wait() => waited?,
                () = tokio::time::sleep(STATUS_INTERVAL) => continue,
            }
        }
        match reader.read().await? {
            Read::Message(message, _) => reading.take_in(message, comparison),
            Read::Reached(place) => reading.reached = reading.reached.max(place),
        }
    }
    reading.wait_until_seen(comparison.source()).await?;
    while comparison.compare_some().await? {
        reader.tell(from.offset()).await?;
    }
    Ok(reader)
}

/// Where the slot begins. An error if its log is gone.
async fn begin(plan: &StreamPlan, source: &mut Session) -> Result<LogPosition, ReplicateError> {
    let slot = quote_text(&plan.base_slot());
    wait_until_nobody_reads(source, &slot).await?;
    let sql = format!(
        "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = {slot} AND restart_lsn IS NOT NULL AND wal_status IS DISTINCT FROM 'lost'"
    );
    let row: Option<(String,)> = source.row("asking where the base begins", sql).await?;
    let place = row.and_then(|(place,)| place.parse().ok());
    place
        .ok_or_else(|| base::lost("its replication slot is gone, or the source has let its log go"))
}

/// Lets the source's log go up to a place. A reader that is still there does it at once; a new one makes the source decode its log again.
pub(super) async fn let_go(
    plan: &StreamPlan,
    source: &mut Session,
    until: &LogPosition,
    reader: Option<Reader>,
) -> Result<(), ReplicateError> {
    let mut reader = match reader {
        Some(reader) => reader,
        None => {
            wait_until_nobody_reads(source, &quote_text(&plan.base_slot())).await?;
            Reader::open_slot(plan, &plan.base_slot(), until, Sends::Committed).await?
        }
    };
    reader.tell_now(until.offset()).await?;
    // Its answer says that it has taken our word.
    while !matches!(reader.read().await?, Read::Reached(_)) {}
    Ok(())
}

struct Reading {
    relations: HashMap<u32, Named>,
    /// Numbers of transactions that were read and that a snapshot has not shown yet.
    transactions: Vec<u32>,
    is_within: bool,
    /// Everything below this place was read.
    reached: u64,
}

impl Reading {
    fn take_in(&mut self, message: Message, comparison: &mut Comparison<'_>) {
        match message {
            Message::Begin { transaction } => {
                self.is_within = true;
                self.transactions.push(transaction);
            }
            Message::Commit { end } => {
                self.is_within = false;
                self.reached = self.reached.max(end);
            }
            Message::Relation(relation) => {
                let oid = relation.oid;
                if let Some(named) = name(&relation, comparison) {
                    self.relations.insert(oid, named);
                }
            }
            Message::Insert { oid, new } => self.note(oid, &[&new], comparison),
            Message::Update { oid, old, new } => match &old {
                Some(Old::Key(old) | Old::Row(old)) => self.note_both(oid, old, &new, comparison),
                None => self.note(oid, &[&new], comparison),
            },
            Message::Delete {
                oid,
                old: Old::Key(old) | Old::Row(old),
            } => self.note(oid, &[&old], comparison),
            Message::Truncate { oids } => {
                for named in oids.iter().filter_map(|oid| self.relations.get(oid)) {
                    comparison.count(1);
                    comparison.take_whole(&named.path);
                }
            }
            Message::Other => {}
        }
    }

    /// Notes the key of a row before and after; where a field of the new one is not told because it is the old one's, it is that.
    fn note_both(&self, oid: u32, old: &Tuple, new: &Tuple, comparison: &mut Comparison<'_>) {
        let fields = new.iter().zip(old).map(|(new, old)| match new {
            Value::Unchanged => old.clone(),
            new => new.clone(),
        });
        let new: Tuple = fields.collect();
        self.note(oid, &[old, &new], comparison);
    }

    fn note(&self, oid: u32, rows: &[&Tuple], comparison: &mut Comparison<'_>) {
        let Some(named) = self.relations.get(&oid) else {
            return;
        };
        comparison.count(1);
        for row in rows {
            match named.key.as_ref().and_then(|key| key_text(key, row)) {
                Some(key) => comparison.take_key(&named.path, key),
                None => comparison.take_whole(&named.path),
            }
        }
    }

    /// Waits until everybody sees what was read.
    async fn wait_until_seen(&mut self, source: &mut Session) -> Result<(), ReplicateError> {
        for _ in 0..LOOKS_MOST {
            if self.transactions.is_empty() {
                return Ok(());
            }
            let sql = "SELECT pg_current_snapshot()::text";
            let row: Option<(String,)> = source.row("asking what is seen", sql).await?;
            if let Some(seen) = row.and_then(|(text,)| Visible::parse(&text)) {
                self.transactions.retain(|number| !seen.shows(*number));
            }
            if !self.transactions.is_empty() {
                tokio::time::sleep(LOOK).await;
            }
        }
        Err(base::unseen())
    }
}

/// What the log calls a table; `None`: it is not one that is compared, as our own checkpoint is not.
fn name(relation: &Relation, comparison: &Comparison<'_>) -> Option<Named> {
    let path = comparison.path_of(relation.oid)?;
    let place = |name: &str| {
        relation
            .columns
            .iter()
            .position(|(other, ..)| other == name)
    };
    let by = comparison.found_by(&path);
    let key = by.and_then(|by| by.iter().map(|column| place(&column.name)).collect());
    Some(Named { path, key })
}

/// A key as the text of an array. `None`: the row does not tell it whole.
fn key_text(key: &[usize], row: &Tuple) -> Option<String> {
    let mut text = String::from("{");
    for (number, place) in key.iter().enumerate() {
        let Value::Text(value) = row.get(*place)? else {
            return None;
        };
        if number > 0 {
            text.push(',');
        }
        text.push('"');
        for letter in std::str::from_utf8(value).ok()?.chars() {
            if matches!(letter, '"' | '\\') {
                text.push('\\');
            }
            text.push(letter);
        }
        text.push('"');
    }
    text.push('}');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_text_of_an_array() {
        let row = ["it's \"a\"", "{,}\\", ""].map(|text| Value::Text(text.as_bytes().into()));
        let row: Tuple = row.into_iter().chain([Value::Null]).collect();
        assert_eq!(
            key_text(&[1, 0, 2], &row).unwrap(),
            r#"{"{,}\\","it's \"a\"",""}"#
        );
        assert_eq!(key_text(&[0, 3], &row), None);
        assert_eq!(key_text(&[4], &row), None);
    }
}
