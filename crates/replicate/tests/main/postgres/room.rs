//! Preflight counts what is left of the source's slots and senders, before anything is made.

use reberth_replicate::postgres::preflight;

use super::*;

/// How many of the findings speak of a setting.
fn speak_of(findings: &[String], setting: &str) -> usize {
    let spoken = findings.iter().filter(|finding| finding.contains(setting));
    spoken.count()
}

/// A pair whose source has those settings, and a slot of somebody else.
fn pair_with(settings: &[&str]) -> Pair {
    let pair = Pair::start_with("room", Major::V16, Major::V16, settings);
    let taken = "SELECT pg_create_physical_replication_slot('of_another')";
    pair.source.sql(DATABASE, taken).expect("a slot");
    pair
}

async fn check(settings: &[&str], setting: &str, blockers: usize, remarks: usize) {
    let pair = pair_with(settings);
    let found = preflight::blockers(&pair.plan()).await.expect("blockers");
    assert_eq!(speak_of(&found, setting), blockers, "{found:?}");
    let found = preflight::remarks(&pair.plan()).await.expect("remarks");
    assert_eq!(speak_of(&found, setting), remarks, "{found:?}");
}

#[tokio::test]
async fn a_source_without_a_free_slot_is_a_blocker() {
    let settings = ["max_replication_slots=1"];
    check(&settings, "max_replication_slots", 1, 0).await;
}

#[tokio::test]
async fn a_source_with_one_free_slot_is_remarked() {
    let settings = ["max_replication_slots=2"];
    check(&settings, "max_replication_slots", 0, 1).await;
}

#[tokio::test]
async fn a_source_with_one_free_sender_is_remarked() {
    let settings = ["max_wal_senders=1"];
    check(&settings, "max_wal_senders", 0, 1).await;
}

#[tokio::test]
async fn a_source_with_room_is_not_spoken_of() {
    let settings = ["max_replication_slots=3"];
    check(&settings, "the source has", 0, 0).await;
}

#[tokio::test]
async fn what_a_stream_has_already_is_not_counted_against_it() {
    let pair = pair_with(&["max_replication_slots=2"]);
    let mark = pair.plan().mark();
    let own = format!("SELECT pg_create_logical_replication_slot('{mark}', 'pgoutput')");
    pair.source.sql(DATABASE, &own).expect("a slot");
    let found = preflight::blockers(&pair.plan()).await.expect("blockers");
    assert_eq!(speak_of(&found, "max_replication_slots"), 0, "{found:?}");
}
