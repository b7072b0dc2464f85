//! Compares a server with the ledger.

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};

use super::{Book, Certainty, Kind, Ledger};
use crate::database::DatabaseError;
use crate::learning::{DATABASE, PASSWORD};
use crate::postgres::Postgres;

/// What a server holds against the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Acknowledged writes in the ledger.
    pub acknowledged: u64,
    /// Writes whose answer never came; for these both outcomes are right.
    pub ambiguous: u64,
    /// Writes that the server refused.
    pub refused: u64,
    /// Acknowledged writes that the server does not hold.
    pub lost: u64,
    /// Rows there twice, rows that were deleted, counts too high, rows that nobody wrote.
    pub doubled: u64,
    /// The first few of them in words.
    pub details: Vec<String>,
}

impl Verdict {
    /// Whether the server holds exactly what it acknowledged.
    pub fn is_exact(&self) -> bool {
        self.lost == 0 && self.doubled == 0
    }

    fn blame(&mut self, is_loss: bool, detail: String) {
        if is_loss {
            self.lost += 1;
        } else {
            self.doubled += 1;
        }
        if self.details.len() < 10 {
            self.details.push(detail);
        }
    }
}

/// Rows of one kind on the server: number, how many rows bear it, and the revision.
type Found = BTreeMap<i64, (u64, i64)>;

impl Ledger {
    /// Compares the server on that port, seen through an account that may read it.
    pub async fn compare(&self, port: u16, user: &str) -> Result<Verdict, mysql_async::Error> {
        let options = OptsBuilder::default()
            .ip_or_hostname("127.0.0.1")
            .tcp_port(port)
            .user(Some(user))
            .pass(Some(PASSWORD))
            .db_name(Some(DATABASE))
            .prefer_socket(false);
        let mut conn = Conn::new(options).await?;
        let mut found = BTreeMap::new();
        for (kind, table, revision) in [
            (Kind::Enrollment, "enrollment", "0"),
            (Kind::Submission, "submission", "revision"),
            (Kind::View, "lesson_view", "0"),
        ] {
            let rows: Vec<(i64, u64, i64)> = conn.query(format!("SELECT op, COUNT(*), CAST(MAX({revision}) AS SIGNED) FROM {table} WHERE op > 0 GROUP BY op")).await?;
            found.insert(
                kind,
                rows.into_iter()
                    .map(|(op, count, revision)| (op, (count, revision)))
                    .collect::<Found>(),
            );
        }
        let points: Vec<(u64, u64)> = conn
            .query("SELECT id, CAST(points AS UNSIGNED) FROM learner WHERE points > 0")
            .await?;
        conn.disconnect().await?;
        Ok(self.judge(&found, points.into_iter().collect()))
    }

    /// Compares a PostgreSQL server, seen by its administrator.
    pub fn compare_postgres(&self, server: &Postgres) -> Result<Verdict, DatabaseError> {
        let mut found = BTreeMap::new();
        for (kind, table, revision) in [
            (Kind::Enrollment, "enrollment", "0"),
            (Kind::Submission, "submission", "revision"),
            (Kind::View, "lesson_view", "0"),
        ] {
            let sql = format!(
                "SELECT op, count(*), max({revision}) FROM {table} WHERE op > 0 GROUP BY op"
            );
            let text = server.sql(DATABASE, &sql)?;
            let rows = text.lines().filter_map(|line| {
                let mut fields = line.split('\t');
                let op = fields.next()?.parse().ok()?;
                Some((
                    op,
                    (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?),
                ))
            });
            found.insert(kind, rows.collect::<Found>());
        }
        let text = server.sql(DATABASE, "SELECT id, points FROM learner WHERE points > 0")?;
        let points = text.lines().filter_map(|line| {
            let (id, points) = line.split_once('\t')?;
            Some((id.parse().ok()?, points.parse().ok()?))
        });
        Ok(self.judge(&found, points.collect()))
    }

    fn judge(&self, found: &BTreeMap<Kind, Found>, points: BTreeMap<u64, u64>) -> Verdict {
        let book = self.book();
        let mut verdict = Verdict {
            acknowledged: book.acknowledged_at.len() as u64,
            ambiguous: book.ambiguous,
            refused: book.refused,
            ..Verdict::default()
        };
        compare_rows(&book, found, &mut verdict);
        compare_points(&book, &points, &mut verdict);
        verdict
    }
}

fn compare_rows(book: &Book, found: &BTreeMap<Kind, Found>, verdict: &mut Verdict) {
    for ((kind, op), entry) in &book.rows {
        let (count, revision) = found
            .get(kind)
            .and_then(|rows| rows.get(op))
            .copied()
            .unwrap_or((0, 0));
        match (entry.certainty, count) {
            (Certainty::Present, 0) => verdict.blame(
                true,
                format!("{kind:?} {op} was acknowledged and is not there"),
            ),
            (Certainty::Absent, 1..) => verdict.blame(
                false,
                format!("{kind:?} {op} was deleted or refused and is there"),
            ),
            (_, 2..) => verdict.blame(false, format!("{kind:?} {op} is there {count} times")),
            (_, 1) if *kind == Kind::Submission && !entry.revisions.contains(&revision) => {
                verdict.blame(
                    true,
                    format!(
                        "submission {op} is at revision {revision}, acknowledged was {:?}",
                        entry.revisions
                    ),
                );
            }
            _ => {}
        }
    }
    for (kind, rows) in found {
        for op in rows
            .keys()
            .filter(|op| !book.rows.contains_key(&(*kind, **op)))
        {
            verdict.blame(false, format!("{kind:?} {op} was never written"));
        }
    }
}

fn compare_points(book: &Book, found: &BTreeMap<u64, u64>, verdict: &mut Verdict) {
    for (learner, &(least, most)) in &book.points {
        let points = found.get(learner).copied().unwrap_or(0);
        if points < least {
            verdict.blame(
                true,
                format!("learner {learner} has {points} points, {least} were acknowledged"),
            );
        } else if points > most {
            verdict.blame(
                false,
                format!("learner {learner} has {points} points, at most {most} were given"),
            );
        }
    }
}
