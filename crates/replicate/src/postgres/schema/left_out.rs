//! What of a schema is not made on the target, and why: every object is made or listed, none is forgotten.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::Entry;
use super::item::is_needed_kind;
use crate::postgres::scope::OURS_AND_THE_PROVIDERS;

/// An object that is not made on the target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// What it is and its name: `PUBLICATION shop`.
    pub what: String,
    /// Why, and what may be done.
    pub reason: String,
    /// Whether rows, or rules about rows, would be lost with it: then the move is not begun.
    pub is_blocker: bool,
}

/// Parts the entries into those to make and those left out. `extensions` are those that the target has to offer.
pub(crate) fn part(
    entries: Vec<Entry>,
    extensions: &BTreeSet<String>,
) -> (Vec<Entry>, Vec<LeftOut>) {
    let mut gone: BTreeMap<u32, String> = BTreeMap::new();
    let mut listed = Vec::new();
    let mut kept = Vec::new();
    for entry in entries {
        let what = what(&entry);
        let needed = entry.needs.iter().find_map(|need| gone.get(need));
        let reason = match (own_reason(&entry, extensions), needed) {
            (Some(reason), _) => Some(reason.to_owned()),
            (None, Some(needed)) => Some(format!("it needs the {needed}, which is left out")),
            (None, None) => None,
        };
        match reason {
            Some(reason) => {
                gone.insert(entry.id, what.clone());
                let is_blocker = is_needed_kind(&entry.kind);
                listed.push(LeftOut {
                    what,
                    reason,
                    is_blocker,
                });
            }
            None if is_the_dumps_own(&entry) => {}
            None => kept.push(entry),
        }
    }
    (kept, listed)
}

fn what(entry: &Entry) -> String {
    match &entry.schema {
        Some(schema) => format!("{} {schema}.{}", entry.kind, entry.name),
        None => format!("{} {}", entry.kind, entry.name),
    }
}

/// Settings of the dump; the database, which is there; the text that an extension brings itself; who may do what and the large objects, which are carried by others;
/// the triggers of a capture or a fence, and the provider's event triggers, which belong to the source.
fn is_the_dumps_own(entry: &Entry) -> bool {
    match entry.kind.as_str() {
        "COMMENT" => entry.name.starts_with("EXTENSION "),
        "TRIGGER" => {
            entry.name.contains(" reberth_")
                && entry.definition.contains(" EXECUTE FUNCTION reberth.")
        }
        "EVENT TRIGGER" => OURS_AND_THE_PROVIDERS.iter().any(|schema| {
            let runs = format!(" EXECUTE FUNCTION {schema}.");
            entry.definition.contains(&runs)
        }),
        kind => matches!(
            kind,
            "ENCODING"
                | "STDSTRINGS"
                | "DATABASE"
                | "DATABASE PROPERTIES"
                | "SEARCHPATH"
                | "ACL"
                | "DEFAULT ACL"
                | "ACL LANGUAGE"
                | "BLOB"
                | "BLOBS"
                | "BLOB METADATA"
        ),
    }
}

fn own_reason(entry: &Entry, extensions: &BTreeSet<String>) -> Option<&'static str> {
    match entry.kind.as_str() {
        "EXTENSION" if !extensions.contains(&entry.name) => {
            Some("the target does not offer this extension")
        }
        kind if kind.starts_with("PUBLICATION") => Some(
            "a publication serves subscribers of the source: make it on the target when they are moved",
        ),
        kind if kind.starts_with("SUBSCRIPTION") => Some(
            "a subscription would write to the target beside the move: make it when the target has taken over",
        ),
        "FOREIGN DATA WRAPPER" | "SERVER" | "USER MAPPING" => Some(
            "it leads to another server, with a password that is not carried: make it by hand if the target may reach that server",
        ),
        "FOREIGN TABLE" => Some("its rows are on another server"),
        "SECURITY LABEL" => Some("it belongs to a module of the source's server"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::schema::archive::Section;

    fn entry(id: u32, kind: &str, name: &str, needs: &[u32]) -> Entry {
        Entry {
            id,
            catalogue: 0,
            oid: 0,
            name: name.to_owned(),
            kind: kind.to_owned(),
            section: Section::PreData,
            definition: String::new(),
            removal: String::new(),
            schema: None,
            tablespace: None,
            access_method: None,
            is_partitioned: false,
            owner: None,
            needs: needs.to_vec(),
        }
    }

    #[test]
    fn triggers_of_ours_stay_where_they_are() {
        let trigger = |name: &str, function: &str| Entry {
            definition: format!(
                "CREATE TRIGGER x AFTER INSERT ON public.t EXECUTE FUNCTION {function}()"
            ),
            ..entry(7, "TRIGGER", name, &[])
        };
        let entries = vec![
            trigger("t reberth_capture_insert", "reberth.capture_16385"),
            trigger("t reberth_fence_refuse", "reberth.fence_refuse"),
            trigger("t reberth_mine", "public.mine"),
            trigger("t audit", "public.audit"),
        ];
        let (kept, listed) = part(entries, &BTreeSet::new());
        let kept: Vec<&str> = kept.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(kept, ["t reberth_mine", "t audit"]);
        assert!(listed.is_empty());
    }

    #[test]
    fn what_needs_a_left_out_object_is_left_out_and_says_why() {
        let entries = vec![
            entry(1, "EXTENSION", "timescaledb", &[]),
            entry(2, "EXTENSION", "hstore", &[]),
            entry(3, "FUNCTION", "bucket()", &[1]),
            entry(4, "VIEW", "buckets", &[2, 3]),
            entry(5, "TABLE", "kept", &[2]),
            entry(7, "TABLE", "lost", &[3]),
            entry(6, "STDSTRINGS", "STDSTRINGS", &[]),
        ];
        let (kept, listed) = part(entries, &BTreeSet::from(["hstore".to_owned()]));
        let names: Vec<&str> = kept.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["hstore", "kept"]);
        let reasons: Vec<&str> = listed.iter().map(|left| left.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "the target does not offer this extension",
                "it needs the EXTENSION timescaledb, which is left out",
                "it needs the FUNCTION bucket(), which is left out",
                "it needs the FUNCTION bucket(), which is left out"
            ]
        );
        let blockers: Vec<&str> = listed
            .iter()
            .filter(|left| left.is_blocker)
            .map(|left| left.what.as_str())
            .collect();
        assert_eq!(blockers, ["TABLE lost"]);
    }
}
