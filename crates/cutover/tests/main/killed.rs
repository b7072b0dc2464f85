//! The process dies at its appends, before and after them, and another one goes on: there, back, and while it turns back.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use reberth_journal::{AppendHook, Event, JournalError, Killed, RunId, RunState};
use reberth_replicate::mysql::state::Direction;
use reberth_testkit::database::Product;

use crate::crosses::{Consent, Crosses, Way};
use crate::crossing::Crossing;

/// A process lives for this many appends: fewer could not finish a step, so no life would come further than the one before.
pub(crate) const PERIOD: u64 = 4;

/// Counts the appends of all lives and ends each at every fourth, in turn before and after it is written.
pub(crate) struct Reaper {
    appends: AtomicU64,
    offset: u64,
}

impl Reaper {
    pub(crate) fn new(offset: u64) -> Arc<Reaper> {
        Arc::new(Reaper {
            appends: AtomicU64::new(0),
            offset,
        })
    }

    fn strike(&self, append: u64, is_after: bool) -> Result<(), Killed> {
        let is_due = append % PERIOD == self.offset;
        let turn = (append / PERIOD).is_multiple_of(2);
        if is_due && turn == is_after {
            Err(Killed { append })
        } else {
            Ok(())
        }
    }
}

impl AppendHook for Reaper {
    fn before(&self, _run: &RunId, _kind: &str, _step: Option<&str>) -> Result<(), Killed> {
        let append = self.appends.fetch_add(1, Ordering::SeqCst);
        self.strike(append, false)
    }

    fn after(&self, _event: &Event) -> Result<(), Killed> {
        self.strike(self.appends.load(Ordering::SeqCst) - 1, true)
    }
}

/// Lives and dies until a life comes to an end that satisfies. Returns the number of deaths.
async fn lives(
    crossing: &Crossing,
    way: Way,
    consent: Consent,
    offset: u64,
    end: &RunState,
) -> u64 {
    let reaper = Reaper::new(offset);
    for deaths in 0..200 {
        match crossing.live(way, consent, Some(reaper.clone())).await {
            Err(JournalError::Killed(_)) => {}
            Err(error) => panic!("{way:?}, offset {offset}, after {deaths} deaths: {error}"),
            // Killed behind its last event: what was begun then is a new run, which is not meant.
            Ok(state) => {
                assert_eq!(
                    state,
                    *end,
                    "{way:?}, offset {offset}, after {deaths} deaths: {}",
                    crossing.failure(way)
                );
                return deaths;
            }
        }
        if crossing.history(way).state() == end {
            return deaths + 1;
        }
    }
    panic!("{way:?}, offset {offset}: 200 lives came to no end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passage_survives_death_at_its_appends() {
    die_at_the_appends(Product::MariaDb, 0..PERIOD, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passage_on_mysql_survives_death_at_its_appends() {
    die_at_the_appends(Product::MySql, 1..3, 30).await;
}

/// Passages there and back for each offset, with more deaths than that.
async fn die_at_the_appends(product: Product, offsets: Range<u64>, deaths_at_least: u64) {
    let crossing = Crossing::start_on(product, "killed").await;
    die_crossing(crossing, offsets, deaths_at_least).await;
}

pub(crate) async fn die_crossing(
    mut crossing: Crossing,
    offsets: Range<u64>,
    deaths_at_least: u64,
) {
    let mut deaths = 0;
    for offset in offsets {
        deaths += lives(
            &crossing,
            Way::There,
            Consent::Given,
            offset,
            &RunState::Done,
        )
        .await;
        crossing.the_application_writes().await;
        crossing.only_writer("target").await;
        deaths += lives(
            &crossing,
            Way::Back,
            Consent::Given,
            offset,
            &RunState::Done,
        )
        .await;
        crossing.the_application_writes().await;
        crossing.only_writer("source").await;
    }
    eprintln!("{deaths} deaths");
    assert!(
        deaths > deaths_at_least,
        "the processes died {deaths} times only"
    );
    crossing.settle(Direction::Forward).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turning_back_survives_death_at_its_appends() {
    let mut crossing = Crossing::start("turning").await;
    let mut deaths = 0;
    for offset in 0..PERIOD {
        let waits = crossing
            .live(Way::There, Consent::Withheld, None)
            .await
            .expect("the journal takes every event");
        assert!(matches!(waits, RunState::Waiting { .. }), "{waits}");
        let journal = crossing.journal();
        let run = journal
            .latest_run(Way::There.kind())
            .expect("the journal is read")
            .expect("there is a run");
        journal
            .request_cancel(&run, "the test")
            .expect("a run that waits takes a cancel");
        drop(journal);
        deaths += lives(
            &crossing,
            Way::There,
            Consent::Withheld,
            offset,
            &RunState::Cancelled,
        )
        .await;
        crossing.source_is_as_before().await;
    }
    assert!(deaths > 10, "the processes died {deaths} times only");
    crossing.settle(Direction::Forward).await;
}
