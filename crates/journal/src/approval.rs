//! Approvals: a named person agrees to exactly the content that has a hash.

use reberth_model::document::sha256_hex;
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::JournalError;
use crate::event::{Event, RunId, StoredEvent};
use crate::store::{Draft, Journal, select};

/// A person's consent to one content, known by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// The SHA-256 of what was approved.
    pub hash: String,
    /// Who approved it, as they named themselves.
    pub by: String,
    /// When.
    pub at: String,
}

impl Journal {
    /// Records that a person approves the content with this hash. Doing it twice is harmless.
    pub fn approve(&self, hash: &str, by: &str) -> Result<Event, JournalError> {
        check_hash(hash)?;
        if by.trim().is_empty() {
            return Err(JournalError::InvalidName {
                what: "name of the person who approves",
                text: by.to_owned(),
            });
        }
        self.append_draft(&Draft {
            run: &RunId::journal(),
            kind: "approval",
            step: None,
            epoch: 0,
            payload: &json!({ "hash": hash, "by": by }),
        })
    }

    /// The first approval of this hash, if there is one.
    pub fn approval(&self, hash: &str) -> Result<Option<Approval>, JournalError> {
        let stored = select(
            &self.connection(),
            "SELECT * FROM events WHERE kind = 'approval' AND json_extract(payload, '$.hash') = ?1
             ORDER BY seq LIMIT 1",
            hash,
        )?;
        let event = stored.into_iter().next().map(StoredEvent::into_event);
        let event = event.transpose()?;
        Ok(event.map(|event| Approval {
            hash: hash.to_owned(),
            by: event.payload["by"].as_str().unwrap_or_default().to_owned(),
            at: event.at,
        }))
    }
}

fn check_hash(hash: &str) -> Result<(), JournalError> {
    let is_sha256 = hash.len() == 64
        && hash
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if is_sha256 {
        return Ok(());
    }
    Err(JournalError::InvalidName {
        what: "hash (64 lower-case hexadecimal digits)",
        text: hash.to_owned(),
    })
}

/// The hash that stands for what a step of a run is about to do. It covers the run and the step, so that an approval
/// cannot be carried over to another run by repeating its content.
pub(crate) fn content_hash(run: &RunId, step: &str, content: &Value) -> String {
    let asked = json!([run, step, content]);
    sha256_hex(canonical(&asked).as_bytes())
}

/// JSON with the keys of every object in order, whatever order the library keeps them in.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            let fields = fields
                .into_iter()
                .map(|(key, value)| format!("{}:{}", json!(key), canonical(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
