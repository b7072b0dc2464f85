//! Consent: a command that changes the world first shows the change and its hash, and does nothing until somebody has said yes to exactly that.

use reberth_model::document::sha256_hex;
use serde_json::{Value, json};

use crate::cli::ConsentArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;

/// Whether the change may be made: it was approved by its hash, or is approved now with `--apply`.
///
/// Without a project folder there is no policy and no journal that could keep an approval: whoever put both addresses into the environment for this
/// command has named exactly what it works on, which is the consent. What it does is told all the same.
pub(crate) fn given(
    change: &Value,
    args: &ConsentArgs,
    project: Option<&Project>,
    output: &Output,
) -> Result<bool, Failure> {
    let hash = hash(change);
    let journal = project.map(Project::journal).transpose()?;
    if let Some(journal) = &journal
        && journal.approval(&hash)?.is_some()
    {
        return Ok(true);
    }
    for line in lines(change) {
        output.note(line);
    }
    let Some(journal) = journal else {
        return Ok(true);
    };
    if args.apply {
        journal.approve(&hash, &args.by)?;
        return Ok(true);
    }
    output.note(format!(
        "\nnothing was done yet. To do exactly this, run `reberth approve {hash} --by NAME` and the same command again, or add --apply"
    ));
    output.event("waiting", &json!({ "hash": hash, "change": change }));
    Ok(false)
}

/// The hash by which a change is known.
pub(crate) fn hash(change: &Value) -> String {
    sha256_hex(change.to_string().as_bytes())
}

/// The change as indented lines.
pub(crate) fn lines(change: &Value) -> Vec<String> {
    let Value::Object(fields) = change else {
        return vec![change.to_string()];
    };
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    fields
        .iter()
        .flat_map(|(name, value)| match value {
            Value::Array(items) => std::iter::once(format!("  {name}:"))
                .chain(items.iter().map(|item| format!("    - {}", text(item))))
                .collect::<Vec<_>>(),
            _ => vec![format!("  {name}: {}", text(value))],
        })
        .collect()
}
