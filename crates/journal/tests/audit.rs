//! The audit chain against somebody who edits the file.

use reberth_journal::testing::ScratchJournal;
use reberth_journal::{AuditBreak, AuditFinding, AuditHead};
use rusqlite::Connection;
use serde_json::json;

/// A journal of five events.
fn five_events() -> ScratchJournal {
    let scratch = ScratchJournal::new();
    let journal = scratch.open();
    let run = journal.create_run("replicate", &[]).unwrap();
    for sample in 1..5 {
        let payload = json!({ "lag_ms": sample });
        journal.append(&run, "lag_sampled", None, &payload).unwrap();
    }
    scratch
}

fn edit(scratch: &ScratchJournal, sql: &str) -> rusqlite::Result<()> {
    Connection::open(scratch.path()).unwrap().execute_batch(sql)
}

const DROP_TRIGGERS: &str =
    "DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_removed;";

#[test]
fn events_cannot_be_changed_or_removed_by_plain_sql() {
    let scratch = five_events();
    for sql in [
        "UPDATE events SET payload = '{}' WHERE seq = 2",
        "DELETE FROM events WHERE seq = 5",
        "DELETE FROM events",
    ] {
        let refused = edit(&scratch, sql).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{sql}: {refused}");
    }
    let head = scratch.open().audit_head().unwrap();
    assert_eq!(head.count, 5);
    assert_eq!(
        scratch.open().audit_verify().unwrap(),
        AuditFinding::Intact(head)
    );
}

#[test]
fn the_first_broken_place_is_named() {
    let truncated = |found| AuditBreak::Truncated { expected: 5, found };
    let cases = [
        (
            "UPDATE events SET payload = '{}' WHERE seq = 3",
            AuditBreak::Changed { seq: 3 },
        ),
        (
            "UPDATE events SET at = '' WHERE seq = 1",
            AuditBreak::Changed { seq: 1 },
        ),
        (
            "UPDATE events SET step = 'x' WHERE seq = 5",
            AuditBreak::Changed { seq: 5 },
        ),
        (
            "DELETE FROM events WHERE seq = 1",
            AuditBreak::Removed { seq: 1 },
        ),
        (
            "DELETE FROM events WHERE seq = 4",
            AuditBreak::Removed { seq: 4 },
        ),
        ("DELETE FROM events WHERE seq = 5", truncated(4)),
        ("DELETE FROM events", truncated(0)),
        (
            "UPDATE events SET seq = 99 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3;
             UPDATE events SET seq = 3 WHERE seq = 99",
            AuditBreak::Changed { seq: 2 },
        ),
        (
            "UPDATE head SET hash = 'x'",
            AuditBreak::OtherHead { count: 5 },
        ),
        (
            "UPDATE head SET count = 4",
            AuditBreak::OtherHead { count: 4 },
        ),
    ];
    for (sql, expected) in cases {
        let scratch = five_events();
        edit(&scratch, &format!("{DROP_TRIGGERS} {sql}")).unwrap();
        let found = scratch.open().audit_verify().unwrap();
        assert_eq!(found, AuditFinding::Broken(expected), "{sql}");
    }
}

#[test]
fn a_tail_cut_off_together_with_its_head_is_found_by_a_head_kept_elsewhere() {
    let scratch = five_events();
    let kept = scratch.open().audit_head().unwrap();
    let cut = "DELETE FROM events WHERE seq = 5;
               UPDATE head SET count = 4, hash = (SELECT hash FROM events WHERE seq = 4)";
    edit(&scratch, &format!("{DROP_TRIGGERS} {cut}")).unwrap();
    let journal = scratch.open();
    // The limit that the documentation states.
    assert!(matches!(
        journal.audit_verify().unwrap(),
        AuditFinding::Intact(_)
    ));
    let truncated = AuditBreak::Truncated {
        expected: 5,
        found: 4,
    };
    let found = journal.audit_verify_since(&kept).unwrap();
    assert_eq!(found, AuditFinding::Broken(truncated));
}

#[test]
fn a_rewritten_past_is_found_by_a_head_kept_elsewhere() {
    let scratch = five_events();
    let kept = AuditHead {
        count: 3,
        hash: "0".repeat(64),
    };
    let found = scratch.open().audit_verify_since(&kept).unwrap();
    assert_eq!(
        found,
        AuditFinding::Broken(AuditBreak::OtherHead { count: 3 })
    );
}
