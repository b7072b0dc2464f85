use reberth_model::assessment::{CheckResult, Risk};

use crate::estates::{TODAY, edtech, edtech_with, judge, judge_by, policy};
use reberth_model::estate::Attributes;

fn answer(check: &str, holds: bool) -> String {
    format!(
        "answers:\n  - {{check: {check}, holds: {holds}, name: Head of platform, reason: restored on Monday, on: \"2026-11-20\"}}\n"
    )
}

#[test]
fn every_question_of_the_framework_stands_with_its_risk() {
    let assessment = judge(&edtech());
    assert_eq!(assessment.questions.len(), 57);
    let risk = |id: &str| {
        let found = assessment
            .questions
            .iter()
            .find(|question| question.id == id);
        found.map(|question| (question.risk, question.checks.is_empty()))
    };
    // Open ports and databases: a high one fails.
    assert_eq!(risk("SEC05"), Some((Risk::High, false)));
    // Nobody asked people about the organisation.
    assert_eq!(risk("OPS03"), Some((Risk::Unanswered, true)));
    let counted: u64 = assessment
        .questions
        .iter()
        .map(|q| q.by_data + q.by_person + q.open)
        .sum();
    let applicable = assessment
        .checks
        .iter()
        .filter(|check| check.question.is_some() && check.result != CheckResult::NotApplicable);
    assert_eq!(counted, applicable.count() as u64);
}

#[test]
fn a_question_of_lesser_faults_is_of_medium_risk_and_a_waived_one_of_none() {
    // REL10 in the data: single entries are of medium severity.
    let risk = |more: &str| {
        let assessment = judge_by(&edtech(), &policy(more), TODAY).expect("an assessment");
        let found = assessment
            .questions
            .iter()
            .find(|question| question.id == "OPS07");
        found.map(|question| question.risk).expect("the question")
    };
    assert_eq!(risk(""), Risk::High, "a critical check fails");
    let healed = edtech_with(|attributes| {
        if let Attributes::Server(server) = attributes {
            server.backups = true;
        }
    });
    let backed = judge(&healed);
    let rel09 = backed
        .questions
        .iter()
        .find(|question| question.id == "REL09")
        .expect("it");
    assert_eq!(
        rel09.risk,
        Risk::Unanswered,
        "nothing fails, but restores are open: {rel09:?}"
    );
    let all = answer("RB-S-REL-04", true);
    let answered = judge_by(&healed, &policy(&all), TODAY).expect("an assessment");
    let rel09 = answered
        .questions
        .iter()
        .find(|question| question.id == "REL09")
        .expect("it");
    assert_eq!(
        (rel09.by_person, rel09.open),
        (1, 2),
        "two of the target stay open"
    );
}

#[test]
fn an_answer_decides_what_is_open_and_nothing_else() {
    for (check, holds, result) in [
        ("RB-S-REL-04", true, CheckResult::Pass),
        ("RB-S-REL-04", false, CheckResult::Fail),
        ("RB-S-SEC-06", true, CheckResult::Fail),
    ] {
        let assessment =
            judge_by(&edtech(), &policy(&answer(check, holds)), TODAY).expect("an assessment");
        let judged = assessment.check(check).expect(check);
        assert_eq!(judged.result, result, "{check} {holds}");
        assert_eq!(judged.answer.is_some(), check == "RB-S-REL-04");
    }
    let open = judge(&edtech()).questions_for_people;
    assert!(open.iter().any(|question| question.check == "RB-S-REL-11"));
    assert!(open.iter().all(|question| !question.asks.is_empty()));
}

#[test]
fn an_answer_that_cannot_count_is_refused() {
    let bad_day = answer("RB-S-REL-04", true).replace("2026-11-20", "Monday");
    let twice = format!(
        "{}{}",
        answer("RB-S-REL-04", true),
        answer("RB-S-REL-04", true).replace("answers:\n", "")
    );
    for text in [answer("RB-S-REL-4", true), bad_day, twice] {
        let error = judge_by(&edtech(), &policy(&text), TODAY).expect_err("refused");
        assert_eq!(error.code(), "RB-ASS-004", "{error}");
    }
}

#[test]
fn recovery_objectives_are_the_operators_to_set() {
    let with = |more: &str| {
        let assessment = judge_by(&edtech(), &policy(more), TODAY).expect("an assessment");
        assessment.check("RB-S-REL-11").expect("the check").result
    };
    assert_eq!(with(""), CheckResult::Unknown);
    assert_eq!(
        with("promises: {recovery_time_minutes: 60}\n"),
        CheckResult::Unknown
    );
    assert_eq!(
        with("promises: {recovery_time_minutes: 60, recovery_point_minutes: 5}\n"),
        CheckResult::Pass
    );
}

#[test]
fn evidence_names_the_query_that_gave_it() {
    let assessment = judge(&edtech());
    let query = |check: &str| {
        assessment.check(check).expect(check).evidence[0]
            .query
            .clone()
    };
    assert!(
        query("RB-S-SEC-06").starts_with("GET /v2/databases/")
            && query("RB-S-SEC-06").ends_with("/firewall")
    );
    assert_eq!(query("RB-S-SEC-07"), "GET /v2/firewalls");
    // What was judged by data names its query; the promises of the policy are no query.
    for check in assessment
        .checks
        .iter()
        .filter(|check| check.scope == "source")
    {
        for item in check
            .evidence
            .iter()
            .filter(|item| item.result != CheckResult::Unknown)
        {
            assert!(!item.query.is_empty(), "{} {}", check.id, item.attribute);
        }
    }
}
