//! `reberth replicate finish` of a PostgreSQL stream.

use reberth_replicate::postgres::finish::{Finished, SEQUENCE_MARGIN};

use crate::quantity::bytes;

/// What it does, for the consent.
pub(in crate::commands::replicate) fn change_lines() -> Vec<String> {
    vec![
        format!(
            "sequences {SEQUENCE_MARGIN} numbers past the source's, never back behind their own"
        ),
        "large objects as they are on the source now; those that only the target has are removed"
            .to_owned(),
        "materialised views filled anew, where they are filled on the source".to_owned(),
    ]
}

/// What it did.
pub(in crate::commands::replicate) fn text(database: &str, finished: &Finished) -> String {
    let missing = finished
        .sequences
        .iter()
        .filter(|aligned| aligned.target.is_none());
    let set = finished.sequences.len() - missing.clone().count();
    let objects = &finished.large_objects;
    let mut lines = vec![format!(
        "{database}: complete up to {}; {set} sequence(s) set, {} of {} large object(s) brought level ({}), {} materialised view(s) filled",
        finished.drained_until,
        objects.changed,
        objects.objects,
        bytes(objects.bytes),
        finished.refreshed.len()
    )];
    lines.extend(
        missing.map(|aligned| format!("  sequence {} is not on the target", aligned.sequence)),
    );
    lines.push(format!("  removed: {}", finished.removed.join(", ")));
    lines.push("  roles, owners and grants: `reberth replicate grants` prints them".to_owned());
    lines.join("\n")
}
