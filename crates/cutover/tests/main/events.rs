//! A scheduled event over the whole way there, back, and there again: it runs where the application runs, and nowhere else.

use reberth_journal::RunState;
use reberth_testkit::database::{Product, Server};

use crate::crosses::{Crosses, Way};
use crate::crossing::Crossing;

const EVENTS: &str = "USE lms_core; CREATE TABLE tick (id BIGINT AUTO_INCREMENT PRIMARY KEY, at DATETIME(6) NOT NULL);
    CREATE DEFINER = app@'%' EVENT ticking ON SCHEDULE EVERY 1 SECOND DO INSERT INTO lms_core.tick (at) VALUES (UTC_TIMESTAMP(6));
    CREATE EVENT resting ON SCHEDULE EVERY 1 SECOND DISABLE DO DELETE FROM lms_core.tick;
    GRANT EVENT ON lms_core.* TO app@'%'; SET GLOBAL event_scheduler = ON;";

fn events(server: &Server) -> String {
    server
        .sql("SELECT EVENT_NAME, DEFINER, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'lms_core' ORDER BY 1")
        .expect("events are listed")
        .trim()
        .to_owned()
}

fn running(definer: &str) -> String {
    format!("resting\troot@localhost\tDISABLED\nticking\t{definer}\tENABLED")
}

const STOPPED: &str = "resting\troot@localhost\tDISABLED\nticking\tapp@%\tDISABLED";

/// The right to name other definers, in the words of each family.
fn any_definer(product: Product) -> &'static str {
    match product {
        Product::MySql => "SET_ANY_DEFINER",
        _ => "SET USER",
    }
}

async fn crossing_with_events(product: Product, name: &str) -> Crossing {
    let crossing = Crossing::start_on(product, name).await;
    crossing.source.sql(EVENTS).expect("events are made");
    crossing
        .fails(Way::There, &RunState::Undone, "ready RB-REP-004")
        .await;
    let right = any_definer(product);
    for (server, grants) in [
        (
            &crossing.source,
            format!(
                "GRANT EVENT ON lms_core.* TO reverse@'%'; GRANT EVENT ON lms_core.* TO reader@'%'; GRANT {right} ON *.* TO reverse@'%'"
            ),
        ),
        (
            &crossing.target,
            format!(
                "GRANT {right} ON *.* TO writer@'%'; GRANT EVENT ON lms_core.* TO app@'%'; SET GLOBAL event_scheduler = ON"
            ),
        ),
    ] {
        server.sql(&grants).expect("rights are given");
    }
    if product == Product::MySql {
        // The definer root has this right, and only who has it too may name such an account.
        for (server, account) in [(&crossing.source, "reverse"), (&crossing.target, "writer")] {
            server
                .sql(&format!("GRANT SYSTEM_USER ON *.* TO {account}@'%'"))
                .expect("rights are given");
        }
    }
    crossing
}

async fn an_event_follows_the_application(product: Product, name: &str) {
    let mut crossing = crossing_with_events(product, name).await;
    crossing.pass(Way::There).await;
    assert_eq!(events(&crossing.source), STOPPED);
    assert_eq!(events(&crossing.target), running("app@%"));
    crossing.pass(Way::Back).await;
    assert_eq!(events(&crossing.source), running("app@%"));
    assert_eq!(events(&crossing.target), STOPPED);
    crossing
        .source
        .sql("ALTER DEFINER = app@'%' EVENT lms_core.ticking DISABLE")
        .expect("the event is switched off");
    crossing.pass(Way::There).await;
    assert_eq!(
        events(&crossing.target),
        STOPPED,
        "the side that was left decides"
    );
    crossing.stop_the_application().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_runs_where_the_application_runs() {
    an_event_follows_the_application(Product::MariaDb, "events").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_runs_where_the_application_runs_on_mysql() {
    an_event_follows_the_application(Product::MySql, "events-mysql").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abort_starts_the_events_again() {
    let mut crossing = crossing_with_events(Product::MariaDb, "events-abort").await;
    for (step, event) in [
        ("jobs_stopped", "step_done"),
        ("source_fenced", "step_done"),
    ] {
        crossing.die_at(Way::There, step, event).await;
        assert_eq!(events(&crossing.source), STOPPED);
        assert_eq!(crossing.abort(Way::There).await, RunState::Cancelled);
        assert_eq!(events(&crossing.source), running("app@%"));
    }
    crossing.die_at(Way::There, "switched", "step_done").await;
    let mut passage = crossing.passage(Way::There);
    let ended = crossing
        .live_with(
            &mut passage,
            Way::There,
            crate::crosses::Consent::Given,
            None,
        )
        .await
        .expect("the journal takes every event");
    assert_eq!(ended, RunState::Done, "{}", crossing.failure(Way::There));
    assert_eq!(
        events(&crossing.target),
        running("app@%"),
        "known from the journal"
    );
    crossing.stop_the_application().await;
}
