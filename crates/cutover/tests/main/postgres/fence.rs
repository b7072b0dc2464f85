//! Whatever could still write is found: locked and cut off where that may be done, and refused in any case.

use std::collections::BTreeSet;

use reberth_journal::RunState;
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::stream::Direction;
use reberth_testkit::learning::DATABASE;

use super::crossing::Crossing;
use crate::crosses::{Consent, Crosses, Way};

/// Every way in which a role comes to a right to write, and some that have none.
const ROLES: &str = "
CREATE ROLE direct LOGIN PASSWORD 'local-only'; GRANT INSERT ON badge TO direct;
CREATE ROLE writing; GRANT UPDATE ON badge TO writing; CREATE ROLE team; GRANT writing TO team;
CREATE ROLE by_role LOGIN PASSWORD 'local-only' NOINHERIT; GRANT team TO by_role;
CREATE ROLE by_role_inherited LOGIN PASSWORD 'local-only'; GRANT team TO by_role_inherited;
CREATE ROLE spared LOGIN PASSWORD 'local-only'; GRANT INSERT ON badge TO spared;
CREATE ROLE looking LOGIN PASSWORD 'local-only'; GRANT SELECT ON badge TO looking;
CREATE ROLE resting NOLOGIN PASSWORD 'local-only'; GRANT INSERT ON badge TO resting;
";
const MADE_BY_SOMEBODY_ELSE: &str = "CREATE ROLE foreign_one LOGIN PASSWORD 'local-only'; GRANT INSERT ON badge TO foreign_one; CREATE ROLE co_owner LOGIN PASSWORD 'local-only'; GRANT master TO co_owner";

async fn session(crossing: &Crossing, role: &str) -> Session {
    let settings = [("application_name", "shop"), ("search_path", "public")];
    Session::open_with(&crossing.address("source", role), &settings)
        .await
        .expect("the role logs in")
}

fn login_roles(crossing: &Crossing) -> String {
    let sql = "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolcanlogin";
    crossing
        .source
        .sql(DATABASE, sql)
        .expect("the roles are read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_and_every_session_that_could_write_is_shut_out_and_let_in_again() {
    let mut crossing = Crossing::start("fence", Method::Logical).await;
    crossing.source.sql_as("master", DATABASE, ROLES).unwrap();
    crossing
        .source
        .sql(DATABASE, MADE_BY_SOMEBODY_ELSE)
        .unwrap();
    crossing.exempt.push("spared".to_owned());
    let before = login_roles(&crossing);
    let write = "INSERT INTO badge VALUES (77, 'late', NULL)";
    // A slot waits for every transaction that is open when it is made.
    crossing.die_at(Way::There, "streaming", "step_done").await;
    let mut open = session(&crossing, "direct").await;
    open.run(
        "writing",
        "BEGIN; INSERT INTO badge VALUES (77, 'uncommitted', NULL)",
    )
    .await
    .unwrap();
    let mut prepared = session(&crossing, "co_owner").await;
    prepared
        .run("preparing", format!("PREPARE late AS {write}"))
        .await
        .unwrap();
    let mut foreign = session(&crossing, "foreign_one").await;
    let mut spared = session(&crossing, "spared").await;

    let waits = crossing
        .live(Way::There, Consent::Withheld, None)
        .await
        .unwrap();
    assert!(
        matches!(waits, RunState::Waiting { .. }),
        "{waits}: {}",
        crossing.failure(Way::There)
    );
    let locked: BTreeSet<String> = crossing
        .evidence(Way::There, "source_fenced", "/fence/roles_without_login")
        .as_array()
        .expect("a list")
        .iter()
        .map(|role| role.as_str().expect("a name").to_owned())
        .collect();
    let expected = ["app", "by_role", "by_role_inherited", "direct"];
    assert_eq!(locked, expected.map(str::to_owned).into());
    for (name, statement, writing) in [
        ("in a transaction", write, &mut open),
        ("with a prepared statement", "EXECUTE late", &mut prepared),
        ("of a role out of reach", write, &mut foreign),
        ("of an exempt role", write, &mut spared),
    ] {
        let refused = writing.run("writing", statement).await;
        assert!(refused.is_err(), "the session {name} still writes");
    }
    // Roles that may still log in meet the triggers: those out of reach, the exempt, the owner, superusers.
    for role in ["foreign_one", "spared", "master"] {
        let refused = crossing.source.sql_as(role, DATABASE, write).unwrap_err();
        assert!(
            format!("{refused:?}").contains("is being moved"),
            "{role}: {refused:?}"
        );
    }
    crossing
        .source
        .sql_as("looking", DATABASE, "SELECT count(*) FROM badge")
        .expect("a reader is left alone");
    let planted = crossing
        .source
        .sql(DATABASE, "SELECT count(*) FROM badge WHERE learner_id = 77");
    assert_eq!(planted.unwrap().trim(), "1", "only the row of the seed");

    assert_eq!(crossing.abort(Way::There).await, RunState::Cancelled);
    assert_eq!(login_roles(&crossing), before);
    crossing.only_writer("source");
    crossing.the_application_writes().await;
    crossing.settle(Direction::Forward).await;
}

/// A session of the application's role that was open on the target before that was locked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_left_open_on_the_target_is_refused() {
    let mut crossing = Crossing::start("left-open", Method::TriggerCapture).await;
    let target = "ALTER ROLE keeper LOGIN";
    crossing.target.sql(DATABASE, target).unwrap();
    let early = Session::open_with(
        &crossing.address("target", "keeper"),
        &[("application_name", "shop")],
    )
    .await
    .unwrap();
    crossing
        .target
        .sql(DATABASE, "ALTER ROLE keeper NOLOGIN")
        .unwrap();
    crossing
        .fails(
            Way::There,
            &RunState::Undone,
            "ready RB-CUT-002: the target is not fenced: 1 session(s)",
        )
        .await;
    drop(early);
    crossing.source_is_as_before().await;
    crossing.pass(Way::There).await;
    crossing.settle(Direction::Reverse).await;
}
