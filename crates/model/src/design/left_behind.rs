//! What is not carried, as people read it: one row for each kind and reason.

use std::collections::{BTreeMap, BTreeSet};

use super::NotCarried;

/// So many parts of one thing are written out each. A firewall may have hundreds of rules that are left for one reason.
const PARTS_MAX: usize = 6;

/// Things of one kind that are left for one reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftBehind<'a> {
    /// Kind of the resources.
    pub kind: &'a str,
    /// Their names, each once.
    pub names: BTreeSet<&'a str>,
    /// Which part and why, or what comes instead.
    pub why: String,
}

/// The rows, ordered. Where a resource leaves many parts for one reason (`PART: REASON`), one row names the first and counts the others.
pub fn left_behind(not_carried: &[NotCarried]) -> Vec<LeftBehind<'_>> {
    let mut names_by: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for item in not_carried {
        let names = names_by.entry((&item.kind, &item.why)).or_default();
        names.insert(&item.name);
    }
    let mut parts_by: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for ((kind, why), names) in names_by {
        let (part, reason) = why.split_once(": ").unwrap_or(("", why));
        let parts = parts_by.entry((kind, names, reason)).or_default();
        parts.push(part);
    }
    let mut rows: Vec<LeftBehind<'_>> = parts_by
        .into_iter()
        .flat_map(|((kind, names, reason), parts)| {
            let whys = told(&parts, reason).into_iter();
            whys.map(move |why| LeftBehind {
                kind,
                names: names.clone(),
                why,
            })
        })
        .collect();
    rows.sort_by(|left, right| (left.kind, &left.why).cmp(&(right.kind, &right.why)));
    rows
}

fn told(parts: &[&str], reason: &str) -> Vec<String> {
    let one = |part: &&str| match part.is_empty() {
        true => reason.to_owned(),
        false => format!("{part}: {reason}"),
    };
    match parts {
        [first, others @ ..] if parts.len() > PARTS_MAX => {
            vec![format!("{first}, and {} more: {reason}", others.len())]
        }
        _ => parts.iter().map(one).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(firewall: &str, part: &str) -> NotCarried {
        NotCarried {
            kind: "firewall".to_owned(),
            id: firewall.to_owned(),
            name: firewall.to_owned(),
            why: format!("{part}: no open port"),
        }
    }

    #[test]
    fn many_parts_of_one_thing_are_one_row_and_others_keep_theirs() {
        let mut items: Vec<NotCarried> = (1000..1400)
            .map(|port| rule("wide", &format!("rule tcp {port}")))
            .collect();
        items.extend([rule("narrow", "rule tcp 22"), rule("other", "rule tcp 22")]);
        items.push(NotCarried {
            why: "it is empty".to_owned(),
            ..rule("odd", "")
        });
        let rows = left_behind(&items);
        let told: Vec<(String, &str)> = rows
            .iter()
            .map(|row| {
                let names: Vec<&str> = row.names.iter().copied().collect();
                (names.join(", "), row.why.as_str())
            })
            .collect();
        let own = |names: &str| names.to_owned();
        assert_eq!(
            told,
            [
                (own("odd"), "it is empty"),
                (own("wide"), "rule tcp 1000, and 399 more: no open port"),
                (own("narrow, other"), "rule tcp 22: no open port"),
            ]
        );
        assert_eq!(left_behind(&items[..PARTS_MAX]).len(), PARTS_MAX);
    }
}
