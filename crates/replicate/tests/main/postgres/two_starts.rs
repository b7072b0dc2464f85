//! Two processes that start one stream at once, and what either of them may not take from the other.

use reberth_replicate::postgres::begin_equal::begin_equal;
use reberth_replicate::postgres::state;

use super::begin::until;
use super::*;

/// The first has made its slot and stands before its checkpoint; what is written now is told by that slot alone.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_start_waits_for_the_first_and_goes_on_from_its_checkpoint() {
    let pair = Pair::start("two-starts", Major::V15, Major::V16);
    let mut target = session(&pair.target).await;
    state::prepare_tables(&mut target).await.expect("tables");
    let mut open = session(&pair.source).await;
    open.run("writing", "BEGIN; INSERT INTO keyless VALUES (1, 'open')")
        .await
        .expect("a row");
    let first = pair.stream();
    let makes_slot = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT%' AND wait_event_type = 'Lock')";
    until(&pair.source, makes_slot).await;
    let mut locker = session(&pair.target).await;
    let lock = "BEGIN; LOCK TABLE reberth.stream IN SHARE MODE";
    locker.run("locking", lock).await.expect("a lock");
    open.run("writing", "COMMIT").await.expect("a commit");
    let waits_to_write = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'reberth.stream'::regclass)";
    until(&pair.target, waits_to_write).await;
    let late = "INSERT INTO keyless VALUES (2, 'behind the slot')";
    pair.source.sql(DATABASE, late).expect("a row");
    let mut second = pair.stream();
    let waits_its_turn =
        "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')";
    until(&pair.target, waits_its_turn).await;
    // Its server goes on with the statement that it was sent.
    drop(first);
    locker.run("unlocking", "ROLLBACK").await.expect("no lock");
    pair.settle(&mut second).await;
    pair.assert_equal();
    second.stop().await.expect("it stops");
}

/// As another build, or hands, may leave it.
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_begins_behind_the_checkpoint_is_told() {
    let pair = Pair::start("later-slot", Major::V15, Major::V16);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let free = "SELECT NOT EXISTS (SELECT FROM pg_replication_slots WHERE active)";
    until(&pair.source, free).await;
    let missed = "INSERT INTO plain VALUES (1, 1, 'before the other slot')";
    pair.source.sql(DATABASE, missed).expect("a row");
    let mark = pair.plan().mark();
    for anew in [
        format!("SELECT pg_drop_replication_slot('{mark}')"),
        format!("SELECT pg_create_logical_replication_slot('{mark}', 'pgoutput')"),
    ] {
        pair.source.sql(DATABASE, &anew).expect("another slot");
    }
    let mut stream = pair.stream();
    let ended = tokio::time::timeout(PATIENCE, stream.wait_until(|_| false)).await;
    let error = ended.expect("it ends").expect_err("there is a gap");
    assert_eq!(error.code(), "RB-REP-007", "{error}");
}

/// Somebody writes the schema's items down, who then looks for streams: whoever forgets this one waits before it holds anything.
#[tokio::test(flavor = "multi_thread")]
async fn who_forgets_a_stream_does_not_hold_up_who_writes_down_the_schema() {
    let pair = Pair::start("forgotten-beside", Major::V15, Major::V16);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let mut writes = session(&pair.target).await;
    let items = "BEGIN; LOCK TABLE reberth.schema_item IN EXCLUSIVE MODE";
    writes.run("locking", items).await.expect("a lock");
    let mut forgets = session(&pair.target).await;
    let forgetting =
        tokio::spawn(
            async move { state::forget(&mut forgets, Direction::Forward, DATABASE).await },
        );
    let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'reberth.schema_item'::regclass)";
    until(&pair.target, waits).await;
    let looks = "LOCK TABLE reberth.stream IN SHARE ROW EXCLUSIVE MODE";
    writes.run("locking", looks).await.expect("nobody holds it");
    writes.run("ending", "COMMIT").await.expect("it ends");
    let removed = forgetting.await.expect("it ends").expect("it goes");
    let all = "the schema reberth".to_owned();
    assert!(removed.contains(&all), "{removed:?}");
}

/// Who has the turn makes the stream begin, and come to its end but for the removal, while another waits for its own.
#[tokio::test(flavor = "multi_thread")]
async fn who_waited_for_its_turn_does_not_stream_into_what_is_being_finished() {
    let pair = Pair::start("turn-finishing", Major::V15, Major::V16);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let begun = "CREATE TABLE begun AS SELECT * FROM reberth.stream; DELETE FROM reberth.stream; UPDATE begun SET phase = 'finishing'";
    for statement in begun.split(';') {
        pair.target.sql(DATABASE, statement).expect("no stream");
    }
    let mut has_turn = session(&pair.target).await;
    take_turn(&mut has_turn).await;
    let permits = Arc::new(Semaphore::new(2));
    let mut stream = pipeline::start(pair.plan(), permits.clone());
    let reason = format!(
        "session {} on the target, which begins this stream",
        has_turn.id()
    );
    reach(&mut stream, |progress| progress.waits_for.is_some()).await;
    let progress = stream.progress();
    assert_eq!(progress.phase, "waiting");
    assert_eq!(progress.waits_for, Some(reason));
    assert_eq!(permits.available_permits(), 2, "others may copy meanwhile");
    let begins = "INSERT INTO reberth.stream SELECT * FROM public.begun";
    has_turn.run("beginning", begins).await.expect("a stream");
    drop(has_turn);
    let ended = tokio::time::timeout(PATIENCE, stream.wait_until(|_| false)).await;
    let error = ended.expect("it ends").expect_err("it is being finished");
    assert_eq!(error.code(), "RB-REP-018", "{error}");
    // Nothing of the stream was touched: its epoch is the one that it had.
    let epochs = "SELECT s.epoch = b.epoch FROM reberth.stream s JOIN begun b USING (name)";
    let epochs = pair.target.sql(DATABASE, epochs).expect("an epoch");
    assert_eq!(epochs.trim(), "t");
}

/// While a stream waits for permits to go on with its copy, another process may bring it to its end.
#[tokio::test(flavor = "multi_thread")]
async fn who_waited_for_permits_does_not_copy_into_what_is_being_finished() {
    let pair = Pair::start("permits-finishing", Major::V15, Major::V16);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let set_phase = |phase: &str| {
        let sql = format!("UPDATE reberth.stream SET phase = '{phase}'");
        pair.target.sql(DATABASE, &sql).expect("a phase");
    };
    set_phase("copying");
    let epoch = || {
        pair.target
            .sql(DATABASE, "SELECT epoch FROM reberth.stream")
    };
    let before = epoch().expect("an epoch");
    let permits = Arc::new(Semaphore::new(2));
    let others = permits.clone().acquire_many_owned(2).await;
    let mut stream = pipeline::start(pair.plan(), permits);
    reach(&mut stream, |progress| progress.phase == "waiting").await;
    set_phase("finishing");
    drop(others);
    let ended = tokio::time::timeout(PATIENCE, stream.wait_until(|_| false)).await;
    let error = ended.expect("it ends").expect_err("it is being finished");
    assert_eq!(error.code(), "RB-REP-018", "{error}");
    assert_eq!(epoch().expect("an epoch"), before, "nothing was touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_its_turn_gives_up_and_names_who_has_it() {
    let pair = Pair::start("turn-long", Major::V15, Major::V16);
    let mut has_turn = session(&pair.target).await;
    take_turn(&mut has_turn).await;
    let mut waits = session(&pair.target).await;
    let limit = Duration::from_secs(1);
    let (direction, mut told) = (Direction::Forward, String::new());
    let tell = |holder: &str| told = holder.to_owned();
    let refused = state::take_turn(&mut waits, direction, DATABASE, limit, tell).await;
    let error = refused.expect_err("it is not over");
    assert_eq!(error.code(), "RB-REP-030", "{error}");
    assert_eq!(told, format!("session {} on the target", has_turn.id()));
    assert!(error.to_string().contains(&told), "{error}");
    assert!(!error.may_retry(), "it has waited long enough");
    // Other streams are not concerned.
    let direction = Direction::Reverse;
    let free = |holder: &str| panic!("{holder} has another turn");
    let had = state::take_turn(&mut waits, direction, DATABASE, limit, free).await;
    had.expect("nobody has this one");
}

async fn take_turn(session: &mut Session) {
    let (direction, limit) = (Direction::Forward, Duration::from_secs(1));
    let free = |holder: &str| panic!("{holder} has the turn");
    let had = state::take_turn(session, direction, DATABASE, limit, free).await;
    had.expect("nobody else begins");
}

/// Its checkpoint would be nowhere, and the slot of nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_removed_while_it_begins_anew_is_not_taken_for_begun() {
    let pair = Pair::start("renewed", Major::V15, Major::V16);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let free = "SELECT NOT EXISTS (SELECT FROM pg_replication_slots WHERE active)";
    until(&pair.source, free).await;
    let mut open = session(&pair.source).await;
    let write = "BEGIN; INSERT INTO keyless VALUES (1, 'open')";
    open.run("writing", write).await.expect("a row");
    let plan = pair.plan();
    let beginning = tokio::spawn(async move { begin_equal(&plan).await });
    let makes_slot = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT%' AND wait_event_type = 'Lock')";
    until(&pair.source, makes_slot).await;
    let removed = "DELETE FROM reberth.stream";
    pair.target.sql(DATABASE, removed).expect("it goes");
    open.run("writing", "COMMIT").await.expect("a commit");
    let begun = beginning.await.expect("it ends");
    assert_eq!(begun.expect_err("it is gone").code(), "RB-REP-014");
}

/// A list of items that outlives the stream would let the next start empty the tables.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_forgotten_whole_or_not_at_all() {
    let pair = Pair::start("forgotten", Major::V15, Major::V16);
    let mut stream = pair.stream();
    pair.settle(&mut stream).await;
    stream.stop().await.expect("it stops");
    let in_the_way = "CREATE VIEW in_the_way AS SELECT * FROM reberth.schema_item";
    pair.target.sql(DATABASE, in_the_way).expect("a view");
    let mut target = session(&pair.target).await;
    let refused = state::forget(&mut target, Direction::Forward, DATABASE).await;
    refused.expect_err("a view is in the way");
    let mut target = session(&pair.target).await;
    let begun = state::peek(&mut target, Direction::Forward, DATABASE).await;
    assert!(begun.expect("an answer").is_some(), "the stream is there");
    let gone = "DROP VIEW in_the_way";
    pair.target.sql(DATABASE, gone).expect("it goes");
    let removed = state::forget(&mut target, Direction::Forward, DATABASE).await;
    let removed = removed.expect("it goes");
    assert!(
        removed.contains(&"the schema reberth".to_owned()),
        "{removed:?}"
    );
}
