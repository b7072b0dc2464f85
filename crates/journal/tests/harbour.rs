//! The example run: a harbour kept in one JSON file, so that a killed process leaves it behind.
//!
//! `moor` and `load` are reversible, `clear_customs` needs an approval, `sail` has no way back.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use reberth_journal::testing::{Scenario, ScratchJournal};
use reberth_journal::{BoxFuture, Evidence, Observation, Policy, Retry, Step, StepError, Undo};
use serde_json::{Value, json};

/// A world on disk: which facts hold, and every effect in order.
pub(crate) struct Harbour {
    scratch: ScratchJournal,
}

impl Harbour {
    pub(crate) fn new() -> Self {
        let scratch = ScratchJournal::new();
        let harbour = Self { scratch };
        harbour
            .context()
            .write(&json!({ "facts": {}, "effects": [] }));
        harbour
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.scratch.path().with_file_name("harbour.json")
    }
}

impl Scenario for Harbour {
    type Context = HarbourFile;

    fn kind(&self) -> &str {
        "voyage"
    }

    fn steps(&self) -> Vec<Box<dyn Step<HarbourFile>>> {
        voyage()
    }

    fn context(&self) -> HarbourFile {
        HarbourFile(self.file())
    }

    fn world(&self) -> Value {
        self.context().read()["facts"].clone()
    }

    fn effects(&self) -> Vec<String> {
        let world = self.context().read();
        let effects = world["effects"].as_array().unwrap();
        effects
            .iter()
            .map(|effect| effect.as_str().unwrap().to_owned())
            .collect()
    }
}

/// A handle on the harbour's file.
pub(crate) struct HarbourFile(pub(crate) PathBuf);

impl HarbourFile {
    pub(crate) fn read(&self) -> Value {
        serde_json::from_slice(&fs::read(&self.0).unwrap()).unwrap()
    }

    fn write(&self, world: &Value) {
        let next = self.0.with_extension("next");
        fs::write(&next, world.to_string()).unwrap();
        fs::rename(&next, &self.0).unwrap();
    }

    fn change(&self, fact: &str, holds: bool) -> bool {
        let mut world = self.read();
        let facts = world["facts"].as_object_mut().unwrap();
        let changed = match holds {
            true => facts.insert(fact.to_owned(), json!(true)).is_none(),
            false => facts.remove(fact).is_some(),
        };
        if changed {
            let sign = if holds { '+' } else { '-' };
            let effects = world["effects"].as_array_mut().unwrap();
            effects.push(json!(format!("{sign}{fact}")));
            self.write(&world);
        }
        changed
    }
}

pub(crate) fn voyage() -> Vec<Box<dyn Step<HarbourFile>>> {
    let limit = Duration::from_secs(60);
    vec![
        Fact::boxed("moor", Policy::reversible(limit)),
        Fact::boxed(
            "load",
            Policy::reversible(limit).with_retry(Retry::times(3)),
        ),
        Fact::boxed("clear_customs", Policy::reversible(limit).with_approval()),
        Fact::boxed("sail", Policy::one_way(limit)),
    ]
}

/// A step that makes one fact hold.
pub(crate) struct Fact {
    name: &'static str,
    policy: Policy,
}

impl Fact {
    pub(crate) fn boxed(name: &'static str, policy: Policy) -> Box<dyn Step<HarbourFile>> {
        Box::new(Self { name, policy })
    }

    fn holds(&self, harbour: &HarbourFile) -> bool {
        harbour.read()["facts"][self.name] == true
    }
}

impl Step<HarbourFile> for Fact {
    fn name(&self) -> &str {
        self.name
    }

    fn policy(&self) -> Policy {
        self.policy
    }

    fn observe<'a>(
        &'a self,
        harbour: &'a mut HarbourFile,
    ) -> BoxFuture<'a, Result<Observation, StepError>> {
        Box::pin(async {
            Ok(match self.holds(harbour) {
                true => Observation::AlreadySo(json!({ "fact": self.name })),
                false => Observation::NotYet,
            })
        })
    }

    fn act<'a>(&'a self, harbour: &'a mut HarbourFile) -> BoxFuture<'a, Result<(), StepError>> {
        Box::pin(async {
            harbour.change(self.name, true);
            Ok(())
        })
    }

    fn verify<'a>(
        &'a self,
        harbour: &'a mut HarbourFile,
    ) -> BoxFuture<'a, Result<Evidence, StepError>> {
        Box::pin(async {
            assert!(self.holds(harbour), "verify is called after act");
            Ok(json!({ "fact": self.name }))
        })
    }

    fn undo<'a>(&'a self, harbour: &'a mut HarbourFile) -> BoxFuture<'a, Result<Undo, StepError>> {
        Box::pin(async {
            Ok(match harbour.change(self.name, false) {
                true => Undo::Reverted(json!({ "fact": self.name })),
                false => Undo::AlreadyGone,
            })
        })
    }

    fn approval_content<'a>(
        &'a self,
        _harbour: &'a mut HarbourFile,
    ) -> BoxFuture<'a, Result<Value, StepError>> {
        Box::pin(async { Ok(json!({ "papers_of": self.name })) })
    }

    fn inspection(&self) -> Vec<String> {
        vec![format!("harbour show {}", self.name)]
    }
}
