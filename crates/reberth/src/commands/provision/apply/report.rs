//! What became of the roots, for the document of `--json`.

use serde_json::{Value, json};

/// One entry a root, in the order in which they were first told of.
#[derive(Debug, Default)]
pub(super) struct Report {
    roots: Vec<Value>,
}

impl Report {
    /// Puts the newest of a root in the place of what was told before. That nothing is left to do is no news of a root that was applied.
    pub(super) fn tell(&mut self, entry: Value) {
        let mut roots = self.roots.iter_mut();
        match roots.find(|own| own["root"] == entry["root"]) {
            None => self.roots.push(entry),
            Some(_) if entry["came"] == "up_to_date" => {}
            Some(own) => *own = entry,
        }
    }

    /// The document.
    pub(super) fn document(&self) -> Value {
        json!({ "roots": self.roots })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_has_one_entry_with_its_newest() {
        let mut report = Report::default();
        for (root, came) in [
            ("a", "put_off"),
            ("b", "up_to_date"),
            ("a", "applied"),
            ("a", "up_to_date"),
            ("b", "applied"),
        ] {
            report.tell(json!({ "root": root, "came": came }));
        }
        let expected = json!({ "roots": [{ "root": "a", "came": "applied" }, { "root": "b", "came": "applied" }] });
        assert_eq!(report.document(), expected);
    }
}
