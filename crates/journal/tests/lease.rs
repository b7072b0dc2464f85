//! One leader per run.

use reberth_journal::JournalError;
use reberth_journal::testing::ScratchJournal;
use rusqlite::Connection;
use serde_json::json;

#[test]
fn a_living_leader_is_never_robbed_and_a_dead_one_never_waited_for() {
    let scratch = ScratchJournal::new();
    let first = scratch.open();
    let run = first.create_run("cutover", &[]).unwrap();
    let other = first.create_run("cutover", &[]).unwrap();
    let lease = first.lease(&run).unwrap();
    assert_eq!(lease.epoch(), 1);

    let second = scratch.open();
    match second.lease(&run).unwrap_err() {
        JournalError::RunIsLed {
            epoch: 1, holder, ..
        } => {
            assert_eq!(holder, format!("process {}", std::process::id()));
        }
        error => panic!("{error}"),
    }
    second.lease(&other).expect("another run is free");
    second
        .request_cancel(&run, "Ada")
        .expect("a cancel needs no lease");

    drop(lease);
    assert_eq!(second.lease(&run).unwrap().epoch(), 2);
}

#[test]
fn a_predecessor_that_wakes_up_writes_nothing_more() {
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let run = journal.create_run("cutover", &[]).unwrap();
    let lease = journal.lease(&run).unwrap();
    // As if the lock had been lost with the file system and another host had taken over.
    let other_host = Connection::open(scratch.path()).unwrap();
    other_host
        .execute("UPDATE leases SET epoch = epoch + 1", [])
        .unwrap();
    let refused = journal
        .append_as(&lease, "run_done", None, &json!({}))
        .unwrap_err();
    match refused {
        JournalError::Fenced {
            held: 1,
            current: 2,
            ..
        } => {}
        error => panic!("{error}"),
    }
    assert_eq!(journal.events(&run).unwrap().len(), 1);
}

#[test]
fn illegal_events_are_refused_and_not_written() {
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let steps = ["fence".to_owned(), "drain".to_owned()];
    let run = journal.create_run("cutover", &steps).unwrap();
    let lease = journal.lease(&run).unwrap();
    let append = |kind, step| journal.append_as(&lease, kind, step, &json!({}));
    // Each line: an event that must be refused here, then one that leads on.
    let cases = [
        (("run_done", None), ("step_started", Some("fence"))),
        (("step_done", Some("fence")), ("act_started", Some("fence"))),
        (("step_done", Some("drain")), ("step_done", Some("fence"))),
        (
            ("step_started", Some("fence")),
            ("step_started", Some("drain")),
        ),
        (("run_undone", None), ("step_observed", Some("drain"))),
        (("retry_requested", None), ("run_done", None)),
        (("step_started", Some("fence")), ("after_the_end", None)),
    ];
    for ((illegal, at), (legal, legal_at)) in cases {
        let refused = append(illegal, at).unwrap_err();
        assert_eq!(refused.code(), "RB-JRN-012", "{illegal}: {refused}");
        append(legal, legal_at).unwrap_or_else(|error| panic!("{legal}: {error}"));
    }
    assert_eq!(journal.events(&run).unwrap().len(), 1 + cases.len());
}
