//! Writers on a PostgreSQL source that never rest, and a ledger of every write that it acknowledged to them.
//!
//! Each row has a number of its own. A write whose answer never came may or may not have happened, so both are allowed for it and nothing else is allowed
//! for any other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reberth_replicate::postgres::session::Session;
use reberth_replicate::{Address, Secret};
use reberth_testkit::postgres::Postgres;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) const TABLES: &str = "
    CREATE TABLE note (id bigint PRIMARY KEY, place bigint UNIQUE, revision int NOT NULL, body text);
    CREATE TABLE score (learner int PRIMARY KEY, points bigint NOT NULL);
    CREATE TABLE event (id bigint PRIMARY KEY, note_id bigint NOT NULL REFERENCES note ON DELETE CASCADE);
    INSERT INTO score SELECT n, 0 FROM generate_series(0, 9) n;
    INSERT INTO note SELECT -n, -n, 0, repeat('old ', 60) FROM generate_series(1, 30000) n;";
/// Writers, each with its own connection and its own learners and rows.
const WRITERS: i64 = 3;

/// What may be found of a row: its revisions, and whether it may be missing.
#[derive(Clone, Debug, Default)]
struct Entry {
    revisions: BTreeSet<i64>,
    may_be_missing: bool,
}

#[derive(Debug, Default)]
struct Book {
    notes: BTreeMap<i64, Entry>,
    /// Points by learner: acknowledged, and the most there may be.
    points: BTreeMap<i64, (i64, i64)>,
    acknowledged: u64,
}

/// Running writers and their ledger.
pub(crate) struct Ledger {
    book: Arc<Mutex<Book>>,
    stop: watch::Sender<bool>,
    writers: JoinSet<()>,
}

impl Ledger {
    /// Starts the writers at an address.
    pub(crate) fn start(url: &str) -> Ledger {
        let (stop, stopped) = watch::channel(false);
        let book = Arc::new(Mutex::new(Book::default()));
        let mut writers = JoinSet::new();
        for number in 0..WRITERS {
            let writer = Writer {
                address: Address::parse(&Secret::new(url), "app", "source").unwrap(),
                book: book.clone(),
                number,
                next: number + WRITERS,
                live: Vec::new(),
                session: None,
            };
            writers.spawn(writer.run(stopped.clone()));
        }
        Ledger {
            book,
            stop,
            writers,
        }
    }

    /// Lets each finish its write and stops them.
    pub(crate) async fn stop(&mut self) {
        self.stop.send_replace(true);
        while self.writers.join_next().await.is_some() {}
    }

    pub(crate) fn acknowledged(&self) -> u64 {
        self.book.lock().unwrap().acknowledged
    }

    /// What a server holds that the ledger forbids.
    pub(crate) fn wrong(&self, server: &Postgres) -> Vec<String> {
        let book = self.book.lock().unwrap();
        let rows = |sql: &str| -> BTreeMap<i64, i64> {
            let answer = server.sql("lms", sql).unwrap();
            let pair = |line: &str| {
                let (key, value) = line.split_once('\t').unwrap();
                (key.parse().unwrap(), value.parse().unwrap())
            };
            answer.lines().map(pair).collect()
        };
        let mut wrong = Vec::new();
        let notes = rows("SELECT id, revision FROM note WHERE id > 0");
        for (id, entry) in &book.notes {
            match notes.get(id) {
                Some(revision) if entry.revisions.contains(revision) => {}
                None if entry.may_be_missing => {}
                found => wrong.push(format!("note {id}: {found:?} instead of {entry:?}")),
            }
        }
        let unknown = notes.keys().filter(|id| !book.notes.contains_key(id));
        wrong.extend(unknown.map(|id| format!("note {id} was never written")));
        for (learner, points) in rows("SELECT learner, points FROM score") {
            let (least, most) = book.points.get(&learner).copied().unwrap_or_default();
            if !(least..=most).contains(&points) {
                wrong.push(format!(
                    "learner {learner}: {points} points, not {least} to {most}"
                ));
            }
        }
        let old = rows("SELECT 1, count(*) FROM note WHERE id < 0 AND body = repeat('old ', 60)");
        if old.get(&1) != Some(&30_000) {
            wrong.push(format!("{old:?} of the first rows"));
        }
        wrong
    }
}

struct Writer {
    address: Address,
    book: Arc<Mutex<Book>>,
    number: i64,
    next: i64,
    live: Vec<i64>,
    session: Option<Session>,
}

impl Writer {
    async fn run(mut self, stopped: watch::Receiver<bool>) {
        let mut turn: i64 = 0;
        while !*stopped.borrow() {
            turn += 1;
            self.write(turn).await;
            tokio::time::sleep(Duration::from_millis(8)).await;
        }
    }

    async fn write(&mut self, turn: i64) {
        let some = |live: &[i64]| live[(turn * 7) as usize % live.len()];
        match turn % 6 {
            0 if self.live.len() > 20 => {
                let id = some(&self.live);
                self.live.retain(|other| *other != id);
                self.expect(id, |entry| entry.may_be_missing = true);
                let is_done = self
                    .send(&format!("DELETE FROM public.note WHERE id = {id}"))
                    .await;
                if is_done {
                    self.expect(id, |entry| entry.revisions.clear());
                }
            }
            1 | 2 if !self.live.is_empty() => {
                let id = some(&self.live);
                self.expect(id, |entry| {
                    entry.revisions.insert(turn);
                });
                let update = format!(
                    "UPDATE public.note SET revision = {turn}, body = body || 'x' WHERE id = {id}"
                );
                if self.send(&update).await {
                    self.expect(id, |entry| entry.revisions = BTreeSet::from([turn]));
                } else {
                    // Which of the two stands there is not known any more.
                    self.live.retain(|other| *other != id);
                }
            }
            3 => {
                let learner = self.number + WRITERS * (turn % 3);
                self.points(learner, |points| points.1 += 1);
                let update = format!(
                    "UPDATE public.score SET points = points + 1 WHERE learner = {learner}"
                );
                if self.send(&update).await {
                    self.points(learner, |points| points.0 += 1);
                }
            }
            _ => {
                let id = self.next;
                self.next += WRITERS;
                self.expect(id, |entry| {
                    entry.revisions.insert(0);
                    entry.may_be_missing = true;
                });
                let insert = format!(
                    "BEGIN; INSERT INTO public.note VALUES ({id}, {id}, 0, 'new'); INSERT INTO public.event VALUES ({id}, {id}); COMMIT"
                );
                if self.send(&insert).await {
                    self.expect(id, |entry| entry.may_be_missing = false);
                    self.live.push(id);
                }
            }
        }
    }

    fn expect(&self, id: i64, change: impl FnOnce(&mut Entry)) {
        change(self.book.lock().unwrap().notes.entry(id).or_default());
    }

    fn points(&self, learner: i64, change: impl FnOnce(&mut (i64, i64))) {
        change(self.book.lock().unwrap().points.entry(learner).or_default());
    }

    /// Whether the server acknowledged it.
    async fn send(&mut self, sql: &str) -> bool {
        let session = match self.session.take() {
            Some(session) => session,
            None => match Session::open(&self.address).await {
                Ok(session) => session,
                Err(_) => return false,
            },
        };
        let session = self.session.insert(session);
        let is_done = session.run("writing", sql).await.is_ok();
        match is_done {
            true => self.book.lock().unwrap().acknowledged += 1,
            // It may stand in a transaction that failed.
            false => self.session = None,
        }
        is_done
    }
}
