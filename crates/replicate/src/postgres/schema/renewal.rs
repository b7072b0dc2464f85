//! Brings a plan that was written down, and perhaps begun, up to what the source is now. No stream has begun, and none begins meanwhile
//! ([`crate::postgres::state::beginning`]), so no row of the source is on the target; a table that holds one all the same is not removed.
//!
//! # Why the target becomes what the new plan alone would have made
//!
//! An item that is made and stands in the new plan with the same statements is kept. Every other that is made is removed, and with it all that needs it, so that nothing
//! is removed under something that stays: what is kept needs only what is kept. Items whose statements cannot be taken back by themselves (a partition attached, a
//! comment, a sequence owned) go with what they were done to. What was removed and is in the new plan is open again. What was refused, or
//! marked so by a person who does without it, stays so while its statements are the same. A base type is removed with its functions, which its removal takes along.
//! Schemas and extensions stay, and so do their comments, also those that the source has lost meanwhile: others may have made them, and nothing stands in them.
//!
//! All of it is one transaction under a lock on the items, which waits for whoever is making one. The new items have numbers that no item had before, so that another run that still
//! holds the old ones finds nothing to mark, and stops ([`super::store::mark_done`]).

use std::collections::BTreeSet;

use super::item::Item;
use super::plan::SchemaPlan;
use super::store;
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;

const DOING: &str = "bringing the schema's items up to the source";

/// What makes two items the same: what it is, its name, its table, its statements.
type Identity = (String, String, Option<String>, String);

/// An item as it was written down.
#[derive(Debug)]
struct Kept {
    number: i64,
    identity: Identity,
    needs: BTreeSet<i64>,
    is_done: bool,
    removal: String,
}

impl Kept {
    fn kind(&self) -> &str {
        &self.identity.0
    }

    fn stays_always(&self) -> bool {
        matches!(self.kind(), "SCHEMA" | "EXTENSION")
    }

    /// The statement that takes it back. An identity column's sequence goes with its column only.
    fn removal(&self) -> Option<String> {
        let is_identity = self.kind() == "SEQUENCE" && self.identity.3.contains("ALTER TABLE ");
        if self.removal.is_empty() || is_identity {
            return None;
        }
        Some(match self.removal.strip_prefix("DROP FUNCTION ") {
            // It may have gone with a type.
            Some(rest) => format!("DROP FUNCTION IF EXISTS {rest}"),
            None => self.removal.clone(),
        })
    }

    /// Whether its removal takes the other along: a base type goes with the functions that it is made of, and with what stood for it until it was made.
    fn takes_along(&self, other: &Kept) -> bool {
        self.kind() == "TYPE"
            && self.removal.ends_with("CASCADE;")
            && match other.kind() {
                "FUNCTION" => self.needs.contains(&other.number),
                "SHELL TYPE" => other.identity.1 == self.identity.1,
                _ => false,
            }
    }

    /// The table whose rows go with it.
    fn table(&self) -> Option<&str> {
        self.removal.strip_prefix("DROP TABLE ")?.strip_suffix(';')
    }
}

/// Makes the kept plan into this one. In a transaction that has locked the items.
pub(super) async fn renew(target: &mut Session, plan: &SchemaPlan) -> Result<(), ReplicateError> {
    let kept = read(target).await?;
    let known = kept.iter().map(|kept| kept.identity.clone());
    if known.eq(plan.items.iter().map(identity)) {
        store_removals(target, &kept, plan).await?;
        return store::write_left_out(target, plan).await;
    }
    let wanted: BTreeSet<Identity> = plan.items.iter().map(identity).collect();
    let removed = removed(&kept, &wanted);
    for item in kept
        .iter()
        .rev()
        .filter(|item| removed.contains(&item.number))
    {
        remove(target, item).await?;
    }
    replace(target, plan, &kept, &removed).await
}

fn identity(item: &Item) -> Identity {
    (
        item.kind.clone(),
        item.name.clone(),
        item.table.clone(),
        item.sql.clone(),
    )
}

async fn read(target: &mut Session) -> Result<Vec<Kept>, ReplicateError> {
    type Row = (
        i64,
        String,
        String,
        Option<String>,
        String,
        String,
        bool,
        String,
    );
    let sql = "SELECT number, kind, name, table_path, sql, needs, state = 'done', removal FROM reberth.schema_item ORDER BY number";
    let rows: Vec<Row> = target.rows(DOING, sql).await?;
    let kept = |(number, kind, name, table, sql, needs, is_done, removal): Row| Kept {
        number,
        identity: (kind, name, table, sql),
        needs: needs
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect(),
        is_done,
        removal,
    };
    Ok(rows.into_iter().map(kept).collect())
}

/// The numbers of what is made and has to go.
fn removed(kept: &[Kept], wanted: &BTreeSet<Identity>) -> BTreeSet<i64> {
    let done = || {
        kept.iter()
            .filter(|item| item.is_done && !item.stays_always())
    };
    let mut removed: BTreeSet<i64> = done()
        .filter(|item| !wanted.contains(&item.identity))
        .map(|item| item.number)
        .collect();
    loop {
        let before = removed.len();
        for item in done() {
            if !item.needs.is_disjoint(&removed) {
                removed.insert(item.number);
            }
            if removed.contains(&item.number) {
                let is_fixed = item.removal().is_none();
                let gone = done().filter(|other| {
                    is_fixed && item.needs.contains(&other.number) || item.takes_along(other)
                });
                removed.extend(gone.map(|other| other.number));
            }
        }
        if removed.len() == before {
            return removed;
        }
    }
}

async fn remove(target: &mut Session, item: &Kept) -> Result<(), ReplicateError> {
    let Some(removal) = item.removal() else {
        return Ok(());
    };
    if let Some(table) = item.table() {
        refuse_rows(target, table).await?;
    }
    match target.run(DOING, removal).await {
        Err(ReplicateError::Refused { source, .. }) => Err(ReplicateError::SchemaItem {
            item: format!("{} {}", item.kind(), item.identity.1),
            reason: "it has changed on the source since it was made there, and the target refuses to remove it; empty the target".to_owned(),
            source: Some(source),
        }),
        done => done.map(drop),
    }
}

/// An error if the table holds a row, whoever brought it. Nobody brings one until the transaction ends.
async fn refuse_rows(target: &mut Session, table: &str) -> Result<(), ReplicateError> {
    let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    target.run(DOING, lock).await?;
    let sql = format!("SELECT current_database(), EXISTS (SELECT FROM {table})");
    match target.row::<(String, bool)>(DOING, sql).await? {
        Some((_, false)) => Ok(()),
        found => Err(ReplicateError::TargetNotEmpty {
            database: found.unwrap_or_default().0,
            tables: table.to_owned(),
        }),
    }
}

/// Writes how each item is removed, which the plan of an older build does not say, and a newer `pg_dump` may say otherwise.
async fn store_removals(
    target: &mut Session,
    kept: &[Kept],
    plan: &SchemaPlan,
) -> Result<(), ReplicateError> {
    for (kept, item) in kept.iter().zip(&plan.items) {
        if kept.removal != item.removal {
            let sql = format!(
                "UPDATE reberth.schema_item SET removal = {} WHERE number = {}",
                quote_text(&item.removal),
                kept.number
            );
            target.run(DOING, sql).await?;
        }
    }
    Ok(())
}

/// Writes the new plan behind the numbers of the old one, takes over what is made or was refused, and forgets the old one.
async fn replace(
    target: &mut Session,
    plan: &SchemaPlan,
    kept: &[Kept],
    removed: &BTreeSet<i64>,
) -> Result<(), ReplicateError> {
    let last = kept.last().map_or(0, |item| item.number);
    let mut plan = plan.clone();
    for item in &mut plan.items {
        item.number += last;
        item.needs = item.needs.iter().map(|need| need + last).collect();
    }
    store::write(target, &plan).await?;
    let removed: Vec<String> = removed.iter().map(i64::to_string).collect();
    let sql = format!(
        "UPDATE reberth.schema_item AS new SET state = old.state, reason = old.reason FROM reberth.schema_item AS old
         WHERE new.number > {last} AND old.number <= {last} AND old.state <> 'open' AND old.number <> ALL ('{{{}}}'::bigint[])
               AND (new.kind, new.name, new.sql) = (old.kind, old.name, old.sql) AND new.table_path IS NOT DISTINCT FROM old.table_path;
         DELETE FROM reberth.schema_item WHERE number <= {last}",
        removed.join(",")
    );
    target.run(DOING, sql).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(number: i64, kind: &str, needs: &[i64], removal: &str) -> Kept {
        Kept {
            number,
            identity: (kind.to_owned(), number.to_string(), None, String::new()),
            needs: needs.iter().copied().collect(),
            is_done: true,
            removal: removal.to_owned(),
        }
    }

    /// Which numbers go if those given are no more wanted.
    fn check(items: &[Kept], unwanted: &[i64], expected: &[i64]) {
        let wanted = items
            .iter()
            .filter(|item| !unwanted.contains(&item.number))
            .map(|item| item.identity.clone());
        let found = removed(items, &wanted.collect());
        assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_needs_a_removed_item_goes_and_what_cannot_be_taken_back_goes_with_what_it_was_done_to()
    {
        let items = [
            kept(1, "SCHEMA", &[], "DROP SCHEMA s;"),
            kept(2, "TABLE", &[1], "DROP TABLE a;"),
            kept(3, "TABLE", &[1], "DROP TABLE b;"),
            kept(4, "TABLE ATTACH", &[2, 3], ""),
            kept(5, "VIEW", &[3], "DROP VIEW v;"),
            kept(6, "TABLE", &[1], "DROP TABLE c;"),
        ];
        check(&items, &[], &[]);
        check(&items, &[6], &[6]);
        check(&items, &[5], &[5]);
        check(&items, &[2], &[2, 3, 4, 5]);
        check(&items, &[4], &[2, 3, 4, 5]);
        check(&items, &[1], &[]);
    }

    #[test]
    fn a_base_type_goes_with_its_functions_and_its_place_holder() {
        let of_type = |mut item: Kept, name: &str| {
            item.identity.1 = name.to_owned();
            item
        };
        let items = [
            of_type(kept(1, "SHELL TYPE", &[], ""), "t"),
            kept(2, "FUNCTION", &[1], "DROP FUNCTION t_in(cstring);"),
            kept(3, "FUNCTION", &[1], "DROP FUNCTION t_out(t);"),
            of_type(kept(4, "TYPE", &[2, 3], "DROP TYPE t CASCADE;"), "t"),
            kept(5, "TABLE", &[4], "DROP TABLE of_t;"),
            kept(6, "FUNCTION", &[], "DROP FUNCTION other();"),
        ];
        check(&items, &[2], &[1, 2, 3, 4, 5]);
        check(&items, &[4], &[1, 2, 3, 4, 5]);
        check(&items, &[5], &[5]);
        check(&items, &[6], &[6]);
    }
}
