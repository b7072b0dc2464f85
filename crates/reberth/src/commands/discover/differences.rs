//! What changed since the last discovery, for people.

use reberth_model::estate::{Changed, Difference, Edge, Named, NotVisible};
use serde_json::Value;

use super::listed;
use crate::visible::visible;

/// Longer values are cut.
const VALUE_CHARS_MAX: usize = 60;

/// Everything that changed, in blocks.
pub(super) fn text(difference: &Difference) -> String {
    if difference.is_empty() {
        return "nothing changed since the last discovery".to_owned();
    }
    let named = |resources: &[Named]| resources.iter().map(name).collect::<Vec<_>>();
    let changed: Vec<String> = difference.changed.iter().flat_map(changes).collect();
    let edges = |edges: &[Edge]| edges.iter().map(edge).collect::<Vec<_>>();
    let hidden = |parts: &[NotVisible]| parts.iter().map(part).collect::<Vec<_>>();
    let blocks = [
        listed("new since the last discovery", &named(&difference.added)),
        listed("gone", &named(&difference.removed)),
        listed("changed", &changed),
        listed("new relations", &edges(&difference.edges_added)),
        listed("relations that are gone", &edges(&difference.edges_removed)),
        listed("no longer visible", &hidden(&difference.no_longer_visible)),
        listed("visible now", &hidden(&difference.newly_visible)),
    ];
    let blocks: Vec<String> = blocks.into_iter().flatten().collect();
    blocks.join("\n\n")
}

fn name(resource: &Named) -> String {
    let Named { kind, id, name } = resource;
    format!("  {} {} ({})", visible(kind), visible(name), visible(id))
}

fn changes(changed: &Changed) -> Vec<String> {
    let mut lines = vec![name(&changed.resource)];
    let fields = changed.fields.iter().map(|field| {
        let path = visible(&field.path);
        format!(
            "    {path}: {} -> {}",
            shown(&field.before),
            shown(&field.after)
        )
    });
    lines.extend(fields);
    lines
}

fn shown(value: &Value) -> String {
    let text = visible(&value.to_string());
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn edge(edge: &Edge) -> String {
    format!(
        "  {} {} {}",
        visible(&edge.from),
        edge.relation,
        visible(&edge.to)
    )
}

fn part(part: &NotVisible) -> String {
    format!("  {}: {}", visible(&part.what), visible(&part.reason))
}
