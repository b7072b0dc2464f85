//! The process dies at its appends, before and after them, and another one goes on.

use reberth_journal::{JournalError, RunState};
use reberth_replicate::postgres::state::Method;
use reberth_replicate::stream::Direction;

use super::crossing::Crossing;
use crate::crosses::{Consent, Crosses, Way};
use crate::killed::Reaper;

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
            Ok(state) => {
                let failure = crossing.failure(way);
                assert_eq!(
                    state, *end,
                    "{way:?}, offset {offset}, after {deaths} deaths: {failure}"
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

async fn die_at_the_appends(name: &str, method: Method) {
    let mut crossing = Crossing::start(name, method).await;
    let mut deaths = 0;
    for offset in [0, 1] {
        deaths += lives(
            &crossing,
            Way::There,
            Consent::Given,
            offset,
            &RunState::Done,
        )
        .await;
        crossing.the_application_writes().await;
        crossing.only_writer("target");
        deaths += lives(
            &crossing,
            Way::Back,
            Consent::Given,
            offset + 2,
            &RunState::Done,
        )
        .await;
        crossing.the_application_writes().await;
        crossing.only_writer("source");
    }
    assert!(deaths > 30, "the processes died {deaths} times only");
    crossing.settle(Direction::Forward).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passage_by_a_slot_survives_death_at_its_appends() {
    die_at_the_appends("killed-slot", Method::Logical).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passage_of_a_plain_owner_survives_death_at_its_appends() {
    die_at_the_appends("killed-owner", Method::TriggerCapture).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turning_back_survives_death_at_its_appends() {
    let mut crossing = Crossing::start("turning-owner", Method::TriggerCapture).await;
    let mut deaths = 0;
    for offset in 0..4 {
        let waits = crossing
            .live(Way::There, Consent::Withheld, None)
            .await
            .unwrap();
        assert!(
            matches!(waits, RunState::Waiting { .. }),
            "{waits}: {}",
            crossing.failure(Way::There)
        );
        let journal = crossing.journal();
        let run = journal.latest_run(Way::There.kind()).unwrap().unwrap();
        journal.request_cancel(&run, "the test").unwrap();
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
