use reberth_model::assessment::CheckResult;

use crate::estates::{TODAY, edtech, judge_by, policy};

fn waiver(check: &str, expires: &str) -> String {
    format!(
        "waivers:\n  - check: {check}\n    name: Head of platform\n    reason: closed in the last week\n    expires: \"{expires}\"\n"
    )
}

#[test]
fn a_waiver_holds_through_its_last_day_and_for_failures_only() {
    for (check, expires, result) in [
        ("RB-S-SEC-06", "2026-11-22", CheckResult::Waived),
        ("RB-S-SEC-06", "2026-11-21", CheckResult::Fail),
        ("RB-S-REL-03", "2027-01-01", CheckResult::Pass),
        ("RB-S-REL-10", "2027-01-01", CheckResult::Unknown),
    ] {
        let assessment =
            judge_by(&edtech(), &policy(&waiver(check, expires)), TODAY).expect("an assessment");
        let judged = assessment.check(check).expect(check);
        assert_eq!(judged.result, result, "{check} until {expires}");
        assert_eq!(judged.waiver.is_some(), result == CheckResult::Waived);
        if let Some(waiver) = &judged.waiver {
            assert_eq!(
                (waiver.name.as_str(), waiver.reason.as_str()),
                ("Head of platform", "closed in the last week")
            );
            assert_eq!(judged.resources.len(), 2, "what is waived stays named");
            assert!(
                assessment
                    .blockers
                    .iter()
                    .all(|blocker| blocker.check.as_deref() != Some(check))
            );
        }
    }
}

#[test]
fn a_waiver_that_can_never_hold_is_refused() {
    for (check, expires, code) in [
        ("RB-S-SEC-6", "2027-01-01", "RB-ASS-003"),
        ("RB-S-SEC-06", "next year", "RB-ASS-002"),
    ] {
        let error =
            judge_by(&edtech(), &policy(&waiver(check, expires)), TODAY).expect_err("refused");
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(check), "{error}");
    }
}

#[test]
fn what_is_critical_blocks_in_spite_of_a_waiver() {
    let policy = policy(&waiver("RB-S-OPS-02", "2027-01-01"));
    let assessment = judge_by(&edtech(), &policy, TODAY).expect("an assessment");
    assert_eq!(
        assessment.check("RB-S-OPS-02").map(|check| check.result),
        Some(CheckResult::Waived)
    );
    assert_eq!(assessment.blockers[0].check.as_deref(), Some("RB-S-OPS-02"));
}
