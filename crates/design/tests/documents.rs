//! The document: same inputs, same bytes; the parent; the hash; and the whole of it against a committed copy.

use reberth_design::design;
use reberth_model::design::Design;
use reberth_model::document::to_bytes;
use std::path::Path;

use crate::decisions::{overriding, word};
use crate::estates::{policy, small};

#[test]
fn the_same_inputs_give_the_same_bytes_and_a_true_hash() {
    let first = design(&small(), &policy(), "a", None).unwrap();
    let second = design(&small(), &policy(), "a", None).unwrap();
    assert_eq!(to_bytes(&first).unwrap(), to_bytes(&second).unwrap());
    assert_eq!(first.hash, first.content_hash().unwrap());
}

#[test]
fn a_design_read_back_is_the_design_written() {
    let design = design(&small(), &policy(), "a", None).unwrap();
    let read: Design = serde_json::from_slice(&to_bytes(&design).unwrap()).unwrap();
    assert_eq!(read, design);
}

#[test]
fn nothing_changed_gives_the_previous_design_and_a_change_names_it_as_parent() {
    let first = design(&small(), &policy(), "a", None).unwrap();
    assert_eq!(
        design(&small(), &policy(), "a", Some(&first)).unwrap(),
        first
    );
    let second = design(&small(), &policy(), "b", Some(&first)).unwrap();
    assert_eq!(second.parent.as_deref(), Some(first.hash.as_str()));
    assert_ne!(second.hash, first.hash);
}

/// Whatever the policy decides, a second design with the same inputs is the first one.
#[test]
fn an_override_that_stays_gives_the_previous_design() {
    let plain = design(&small(), &policy(), "a", None).unwrap();
    let own = |id: &str| plain.decision(id).unwrap().value.clone();
    let mut tried = 0;
    for decision in &plain.decisions {
        for value in [
            own(&decision.id),
            decision.alternative.clone(),
            "10.50.0.0/18".to_owned(),
        ] {
            let policy = overriding(&[(&decision.id, word(&value))]);
            let Ok(first) = design(&small(), &policy, "a", None) else {
                continue;
            };
            let second = design(&small(), &policy, "a", Some(&first)).unwrap();
            assert_eq!(second, first, "{} = {value}", decision.id);
            tried += 1;
        }
    }
    assert!(tried > plain.decisions.len(), "{tried}");
}

#[test]
fn an_edited_previous_design_is_not_taken_for_an_unchanged_one() {
    let mut edited = design(&small(), &policy(), "a", None).unwrap();
    edited.hash = "0".repeat(64);
    let next = design(&small(), &policy(), "a", Some(&edited)).unwrap();
    assert_eq!(next.hash, next.content_hash().unwrap());
}

/// Read every difference as a reviewer would; `UPDATE_GOLDEN=1` writes the new copy.
#[test]
fn the_small_estate_gives_the_committed_design() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/design.json");
    let bytes = to_bytes(&design(&small(), &policy(), &"0".repeat(64), None).unwrap()).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &bytes).unwrap();
    }
    let golden = std::fs::read(&path).unwrap();
    assert!(
        golden == bytes,
        "tests/golden/design.json differs: run with UPDATE_GOLDEN=1 and read the diff"
    );
}
