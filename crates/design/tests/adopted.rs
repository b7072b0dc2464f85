//! What is in AWS already becomes an item of the design, or is refused.

use reberth_design::design;
use reberth_model::policy::{Adoptable, Adopted, Policy};

use crate::estates::{policy, small};

fn taking(what: Adoptable, name: Option<&str>, id: &str) -> Policy {
    let mut policy = policy();
    policy.target.adopt = vec![Adopted {
        what,
        name: name.map(str::to_owned),
        id: id.to_owned(),
    }];
    policy
}

#[test]
fn an_item_takes_over_the_name_that_there_is() {
    let asked = taking(Adoptable::Bucket, Some("school-media"), "uploads-of-2019");
    let made = design(&small(), &asked, "", None).unwrap();
    assert_eq!(made.buckets[0].name, "uploads-of-2019");
    assert!(made.buckets[0].exists);
    assert_eq!(made.adopted, asked.target.adopt);
    assert_eq!(design(&small(), &asked, "", Some(&made)).unwrap(), made);
    for (what, name) in [
        (Adoptable::HostedZone, Some("school.example")),
        (Adoptable::GuarddutyDetector, None),
        (Adoptable::SecurityHub, None),
        (Adoptable::ConfigRecorder, None),
        (Adoptable::ConfigDeliveryChannel, None),
    ] {
        design(&small(), &taking(what, name, "x"), "", None).unwrap();
    }
}

#[test]
fn what_no_item_would_become_is_refused() {
    for (what, name, said) in [
        (Adoptable::Bucket, Some("gone"), "there is: school-media"),
        (
            Adoptable::HostedZone,
            Some("other.example"),
            "there is: school.example",
        ),
        (Adoptable::ImageRepository, Some("web"), "there is: none"),
        (Adoptable::Account, Some("security"), "there is: none"),
        (Adoptable::Organization, None, "there is: none"),
    ] {
        let error = design(&small(), &taking(what, name, "x"), "", None).unwrap_err();
        assert_eq!(error.code(), "RB-DSG-014", "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}
