//! The whole way there, back with the data, and there again, while the application never stops.

use std::collections::BTreeMap;

use reberth_journal::RunState;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::stream::Direction;
use reberth_testkit::learning::DATABASE;
use reberth_testkit::postgres::Postgres;

use super::crossing::Crossing;
use crate::crosses::{Consent, Crosses, Way};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_and_back_and_there_again_by_a_slot() {
    go_there_and_back_and_there_again("slot", Method::Logical).await;
}

/// The source's only role owns its tables and may do nothing else; its server decodes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_and_back_and_there_again_for_a_plain_owner() {
    go_there_and_back_and_there_again("owner", Method::TriggerCapture).await;
}

async fn go_there_and_back_and_there_again(name: &str, method: Method) {
    let mut crossing = Crossing::start(&format!("there-{name}"), method).await;
    // Behind what was carried early.
    crossing.die_at(Way::There, "verified", "step_done").await;
    let late = "SELECT lo_from_bytea(0, 'late')";
    let late = crossing
        .source
        .sql_as(crossing.mover("source"), DATABASE, late);
    late.expect("a large object");
    let there = crossing.pass(Way::There).await;
    crossing.only_writer("target");
    is_proven(&crossing, Way::There, "source_fenced");
    // No server keeps its log for a stream that will not come.
    assert_eq!(slots(&crossing.source), 0);
    assert_eq!(slots(&crossing.target), 1);
    is_past(&crossing.source, &crossing.target);
    let objects = "SELECT count(*), md5(string_agg(md5(lo_get(oid)), '' ORDER BY oid)) FROM pg_largeobject_metadata";
    let on = |server: &Postgres| server.sql(DATABASE, objects).expect("the objects are read");
    assert_eq!(on(&crossing.source), on(&crossing.target));

    let back = crossing.pass(Way::Back).await;
    crossing.only_writer("source");
    is_proven(&crossing, Way::Back, "target_fenced");
    assert_eq!(slots(&crossing.target), 0);
    is_past(&crossing.target, &crossing.source);
    // The source's triggers work again for the application, and did nothing twice for the stream.
    let awake = "SELECT bool_and(tgenabled = 'O') AND count(*) > 0 AND to_regclass('reberth.resting') IS NULL FROM pg_trigger WHERE NOT tgisinternal AND tgname IN ('audit', 'tread')";
    let awake = crossing.source.sql(DATABASE, awake);
    assert_eq!(awake.expect("the source answers").trim(), "t");
    let audited = "SELECT count(*) FROM audit a WHERE what = 'INSERT' GROUP BY submission_id HAVING count(*) > 1";
    assert_eq!(
        crossing
            .source
            .sql(DATABASE, audited)
            .expect("the source answers")
            .trim(),
        ""
    );

    let again = crossing.pass(Way::There).await;
    crossing.only_writer("target");
    eprintln!(
        "write downtime as the application saw it: there {there} ms, back {back} ms, there again {again} ms"
    );
    crossing.settle(Direction::Reverse).await;
}

fn slots(server: &Postgres) -> u64 {
    let text = server.sql(
        DATABASE,
        "SELECT count(*) FROM pg_replication_slots WHERE NOT temporary",
    );
    text.expect("the server answers")
        .trim()
        .parse()
        .expect("a number")
}

/// The numbers that a side will give next are past those of the other.
fn is_past(left: &Postgres, opened: &Postgres) {
    let read = |server: &Postgres| -> BTreeMap<String, i64> {
        // The view of sequences hides a number that was set and not given.
        let sql = "SELECT sequencename, (xpath('/row/v/text()', query_to_xml(format('SELECT last_value AS v FROM public.%I', sequencename), false, true, '')))[1]::text FROM pg_sequences WHERE schemaname = 'public'";
        let text = server.sql(DATABASE, sql).expect("the sequences are read");
        let rows = text.lines().filter_map(|line| line.split_once('\t'));
        rows.map(|(name, last)| (name.to_owned(), last.parse().expect("a number")))
            .collect()
    };
    let (left, opened) = (read(left), read(opened));
    assert!(!left.is_empty());
    for (name, last) in &left {
        assert!(opened[name] > *last, "{name}: {last} {}", opened[name]);
    }
}

/// Both canaries were cut or refused, in the server's words.
fn is_proven(crossing: &Crossing, way: Way, step: &str) {
    let old = crossing.evidence(way, step, "/canary_opened_before");
    let words = old.as_str().unwrap_or_default();
    assert!(
        !words.is_empty() && !words.contains("no session could be opened"),
        "{old}"
    );
    let new = crossing
        .evidence(way, step, "/canary_opened_after")
        .to_string();
    let is_refused = ["not permitted to log in", "is being moved"];
    assert!(is_refused.iter().any(|words| new.contains(words)), "{new}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_at_the_point_of_decision_can_go_on_or_back_in_another_process() {
    for (name, method) in [
        ("decide-slot", Method::Logical),
        ("decide-owner", Method::TriggerCapture),
    ] {
        let mut crossing = Crossing::start(name, method).await;
        let waits = crossing
            .live(Way::There, Consent::Withheld, None)
            .await
            .unwrap();
        assert!(
            matches!(&waits, RunState::Waiting { step, .. } if step == "point_of_decision"),
            "{waits}: {}",
            crossing.failure(Way::There)
        );
        crossing
            .write_as_the_application("source")
            .expect_err("the source is fenced");
        assert_eq!(crossing.abort(Way::There).await, RunState::Cancelled);
        crossing.source_is_as_before().await;
        crossing
            .live(Way::There, Consent::Withheld, None)
            .await
            .unwrap();
        let done = crossing
            .live(Way::There, Consent::Given, None)
            .await
            .unwrap();
        assert_eq!(done, RunState::Done, "{}", crossing.failure(Way::There));
        crossing.the_application_writes().await;
        crossing.only_writer("target");
        crossing.settle(Direction::Reverse).await;
    }
}
