//! Changesets for people: what happens to what, why, and what is dangerous about it.

use reberth_provision::{Change, Changeset, Level, PlanRecord, Standing, Verb};

/// Attributes that are shown of one change; a replaced database may have a hundred.
const ATTRIBUTES_MAX: usize = 12;

/// A plan with its hash.
pub(super) fn plan(record: &PlanRecord) -> String {
    let mut lines = vec![format!("{}: {}", record.root, record.changeset.summary())];
    lines.extend(changes(&record.changeset));
    if !record.changeset.outputs.is_empty() {
        lines.push(format!(
            "  outputs that change: {}",
            record.changeset.outputs.join(", ")
        ));
    }
    for finding in &record.findings {
        let word = match finding.standing {
            Standing::Refused => "REFUSED",
            Standing::Unknown => "cannot be told yet",
            Standing::Accepted => "accepted",
        };
        lines.push(format!(
            "  {word}: {}: {} ({})",
            finding.address, finding.why, finding.rule
        ));
    }
    lines.push(format!("  hash {}", record.hash()));
    lines.join("\n")
}

/// The plan of a root that comes after those behind it.
pub(super) fn put_off(record: &PlanRecord) -> String {
    format!(
        "{}\n  put off until the roots behind it are applied, because they may still use what is taken out",
        plan(record)
    )
}

/// One line a change, and its details below it.
pub(super) fn changes(changeset: &Changeset) -> Vec<String> {
    changeset.changes.iter().flat_map(change).collect()
}

fn change(change: &Change) -> Vec<String> {
    let why = change.why.as_deref().map(|why| format!("  ({why})"));
    let mut lines = vec![format!(
        "  {:<3} {:<7} {}{}",
        sign(change.verb),
        change.verb.word(),
        change.address,
        why.unwrap_or_default()
    )];
    // What makes a new object comes first; what only follows from it is cut first.
    let mut attributes: Vec<_> = change.attributes.iter().collect();
    attributes.sort_by_key(|attribute| !attribute.replaces);
    for attribute in attributes.iter().take(ATTRIBUTES_MAX) {
        let mark = match attribute.replaces {
            true => "  <- makes a new one",
            false => "",
        };
        lines.push(format!(
            "        {}: {} -> {}{mark}",
            attribute.path, attribute.before, attribute.after
        ));
    }
    if attributes.len() > ATTRIBUTES_MAX {
        let more = attributes.len() - ATTRIBUTES_MAX;
        lines.push(format!("        and {more} more"));
    }
    if let Some(risk) = &change.risk {
        let word = match risk.level {
            Level::Loss => "LOSS OF DATA",
            Level::Irreversible => "IRREVERSIBLE",
            Level::Interruption => "interruption",
        };
        lines.push(format!("        {word}: {}", risk.why));
    }
    lines
}

fn sign(verb: Verb) -> &'static str {
    match verb {
        Verb::Destroy => "-",
        Verb::Replace => "-/+",
        Verb::Change => "~",
        Verb::Create => "+",
        Verb::Import => "<-",
        Verb::Move => "->",
        Verb::Forget => "x",
    }
}
