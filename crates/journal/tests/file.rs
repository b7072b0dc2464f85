//! The journal's file: what opening and appending say when it is not as it should be.

use std::fs;
use std::thread;

use reberth_journal::testing::ScratchJournal;
use reberth_journal::{Journal, JournalError, RunId, RunState};
use rusqlite::Connection;
use serde_json::json;

/// Puts something in the place of the journal.
type Prepare = fn(&ScratchJournal);

#[test]
fn a_file_that_is_not_a_usable_journal_is_refused_and_left_alone() {
    let cases: [(&str, Prepare, &str); 5] = [
        (
            "text",
            |s| fs::write(s.path(), "no database, but long enough".repeat(50)).unwrap(),
            "RB-JRN-002",
        ),
        (
            "another program's",
            |s| sql(s, "CREATE TABLE songs (title TEXT)"),
            "RB-JRN-002",
        ),
        (
            "newer",
            |s| {
                s.open();
                sql(s, "PRAGMA user_version = 99")
            },
            "RB-JRN-004",
        ),
        (
            "a folder",
            |s| fs::create_dir(s.path()).unwrap(),
            "RB-JRN-001",
        ),
        ("damaged", damage, "RB-JRN-003"),
    ];
    for (what, prepare, code) in cases {
        let scratch = ScratchJournal::new();
        prepare(&scratch);
        let before = fs::read(scratch.path()).ok();
        let refused = Journal::open(&scratch.path()).and_then(|journal| journal.runs());
        assert_eq!(
            refused.err().map(|error| error.code()),
            Some(code),
            "{what}"
        );
        let after = fs::read(scratch.path()).ok();
        assert!(after == before, "{what}: the file was changed");
    }
}

fn sql(scratch: &ScratchJournal, sql: &str) {
    Connection::open(scratch.path())
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

/// Overwrites every page but the first.
fn damage(scratch: &ScratchJournal) {
    scratch.open().create_run("cutover", &[]).unwrap();
    sql(scratch, "PRAGMA wal_checkpoint(TRUNCATE)");
    let mut bytes = fs::read(scratch.path()).unwrap();
    bytes[4096..].fill(0xAB);
    fs::write(scratch.path(), bytes).unwrap();
}

#[test]
fn reading_works_beside_a_writer_and_never_writes() {
    let scratch = ScratchJournal::new();
    assert!(Journal::open_read_only(&scratch.path()).is_err());
    assert!(!scratch.path().exists(), "reading made a file");
    let writer = scratch.open();
    let run = writer.create_run("cutover", &["fence".to_owned()]).unwrap();
    let _lease = writer.lease(&run).unwrap();
    let reader = Journal::open_read_only(&scratch.path()).unwrap();
    let summary = reader.summary(&run).unwrap();
    assert_eq!(summary.state, RunState::Running { step: None });
    assert_eq!((summary.steps_settled, summary.steps_total), (0, 1));
    assert_eq!(reader.latest_run("cutover").unwrap(), Some(run.clone()));
    assert_eq!(reader.latest_run("way_back").unwrap(), None);
    let refused = reader.append(&run, "note", None, &json!({})).unwrap_err();
    assert!(matches!(refused, JournalError::ReadOnly), "{refused}");
}

#[test]
fn many_writers_make_one_chain() {
    const WRITERS: usize = 4;
    const EVENTS: usize = 20;
    let scratch = ScratchJournal::new();
    let path = scratch.path();
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                // Also the first opening, with its migration, happens in all of them at once.
                let journal = Journal::open(&path).unwrap();
                let run = journal.create_run("stream", &[]).unwrap();
                for _ in 1..EVENTS {
                    journal.append(&run, "beat", None, &json!({})).unwrap();
                }
            });
        }
    });
    let journal = scratch.open();
    let runs: Vec<RunId> = journal.runs().unwrap();
    assert_eq!(runs.len(), WRITERS);
    let head = journal.audit_head().unwrap();
    assert_eq!(head.count, (WRITERS * EVENTS) as u64);
    let intact = reberth_journal::AuditFinding::Intact(head);
    assert_eq!(journal.audit_verify().unwrap(), intact);
}

#[test]
fn the_kinds_of_the_engine_are_not_notes() {
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let run = journal.create_run("cutover", &[]).unwrap();
    for kind in ["step_done", "run_done", "approval", "run_created"] {
        let refused = journal.append(&run, kind, None, &json!({})).unwrap_err();
        assert_eq!(refused.code(), "RB-JRN-015", "{kind}");
    }
    let unknown = RunId::parse("cutover-9").unwrap();
    let refused = journal
        .append(&unknown, "note", None, &json!({}))
        .unwrap_err();
    assert_eq!(refused.code(), "RB-JRN-011");
    for kind in ["", "../x", "Cutover", "journal"] {
        assert_eq!(
            journal.create_run(kind, &[]).unwrap_err().code(),
            "RB-JRN-014"
        );
    }
}

#[test]
fn approvals_are_for_exact_hashes_by_named_persons() {
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let hash = "a".repeat(64);
    assert_eq!(journal.approval(&hash).unwrap(), None);
    for (hash, by) in [("abc", "Ada"), (&*"A".repeat(64), "Ada"), (&*hash, " ")] {
        assert_eq!(journal.approve(hash, by).unwrap_err().code(), "RB-JRN-014");
    }
    journal.approve(&hash, "Ada").unwrap();
    journal.approve(&hash, "Grace").unwrap();
    let approval = journal.approval(&hash).unwrap().unwrap();
    assert_eq!(approval.by, "Ada");
    assert_eq!(approval.at, "2026-01-01T00:00:00.000Z");
    assert!(journal.runs().unwrap().is_empty());
}

#[test]
fn runs_about_different_subjects_do_not_meet() {
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let old = journal.create_run("cutover", &[]).unwrap();
    let shop = journal
        .create_run_about("cutover", Some("shop"), &[])
        .unwrap();
    let blog = journal
        .create_run_about("cutover", Some("blog"), &[])
        .unwrap();
    assert_ne!(shop, blog);
    let latest = |subject| journal.latest_run_about("cutover", subject).unwrap();
    assert_eq!(latest("shop"), Some(shop.clone()));
    assert_eq!(latest("blog"), Some(blog.clone()));
    // Written before runs had subjects.
    assert_eq!(latest("wiki"), Some(old));
    assert_eq!(journal.latest_run("cutover").unwrap(), Some(blog));
    let history = journal.history(&shop).unwrap();
    assert_eq!(
        (history.kind(), history.subject()),
        ("cutover", Some("shop"))
    );
}
