//! A cutover by the real binary: what it asks for, and what it does not do before.

use crate::folder::Ran;
use crate::live::Live;

/// The hash that a command asks to approve.
fn hash(ran: &Ran) -> String {
    let text = format!("{}{}", ran.stdout, ran.stderr);
    let (_, behind) = text
        .split_once("reberth approve ")
        .unwrap_or_else(|| panic!("{ran:?}"));
    behind.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cutover_waits_for_consent_twice() {
    let mut live = Live::start("consent").await;
    let early = live.run(&["cutover", "way-back", "--apply"]);
    assert_eq!(early.code, 1, "{early:?}");
    assert!(
        early.stderr.contains("nothing to go back from"),
        "{early:?}"
    );
    let asked = live.run(&["cutover", "run"]);
    assert_eq!(asked.code, 3, "{asked:?}");
    assert_eq!(live.open_sides(), ["source"]);
    assert_eq!(
        live.target.sql("SHOW DATABASES LIKE 'lms_core'").unwrap(),
        "",
        "something was done without consent"
    );
    assert_eq!(
        live.ok(&["cutover", "status", "--json"]).json(),
        serde_json::json!([])
    );

    live.ok(&["approve", &hash(&asked), "--by", "Asha"]);
    let waits = live.run(&["cutover", "run"]);
    assert_eq!(waits.code, 3, "{waits:?}");
    assert!(waits.stdout.contains("point_of_decision"), "{waits:?}");
    assert_eq!(live.run(&["cutover", "run"]).code, 3, "it still waits");
    assert_ne!(hash(&asked), hash(&waits));
    assert!(live.open_sides().contains(&"target") && !live.open_sides().contains(&"source"));

    live.ok(&["approve", &hash(&waits), "--by", "Asha"]);
    live.ok(&["cutover", "run"]);
    live.application_writes().await;
    let again = live.run(&["cutover", "run", "--apply"]);
    assert!(
        again.code == 1 && again.stderr.contains("on the target already"),
        "{again:?}"
    );
    let status = live.ok(&["cutover", "status", "--json"]).json();
    let switched = status[0]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["name"] == "switched")
        .unwrap();
    assert_eq!(switched["status"], "done", "{status}");
    live.ok(&["cutover", "way-back", "--apply", "--by", "Asha"]);
    live.application_writes().await;
    live.settle().await;
}
