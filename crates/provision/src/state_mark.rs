//! Which state it is, without what is in it: its lineage and its serial number.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The mark of a state. Each write of Terraform raises the serial; the lineage is chosen once, when the state is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateMark {
    /// Empty where there is no state yet.
    pub lineage: String,
    /// 0 where there is no state yet.
    pub serial: u64,
    /// Resources in it.
    pub resources: usize,
}

impl StateMark {
    /// Reads what `state pull` printed.
    pub(crate) fn read(text: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct State {
            lineage: String,
            serial: u64,
            #[serde(default)]
            resources: Vec<serde::de::IgnoredAny>,
        }
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let state: State = serde_json::from_str(text)?;
        Ok(Self {
            lineage: state.lineage,
            serial: state.serial,
            resources: state.resources.len(),
        })
    }

    /// Whether nothing was ever applied, or everything was destroyed.
    pub fn is_empty(&self) -> bool {
        self.resources == 0
    }
}

impl fmt::Display for StateMark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lineage.is_empty() {
            return formatter.write_str("not there yet");
        }
        let lineage: String = self.lineage.chars().take(8).collect();
        write!(formatter, "serial {} of lineage {lineage}", self.serial)
    }
}
