//! Programs that work off a queue, and the store that it is in.
//!
//! A program tells which store holds its queue only when a setting names it together with its software, when its software reads a setting by
//! default, or when its application uses one store alone; else each store is named with the words that the choice is not told. A wrong guess
//! would let a person drain the wrong one. What tells of another worker of the same application tells nothing here.

use std::collections::BTreeSet;

use reberth_model::estate::{Attributes, Estate, Resource};

use super::known::{Known, Place};
use super::{Sign, signs};

/// A program that works off a queue.
pub(super) struct Worker {
    /// Who uses the store: an application or a server.
    user: String,
    software: &'static str,
    told_by: String,
}

/// All workers that the estate tells of.
pub(super) fn of(estate: &Estate) -> Vec<Worker> {
    let programs = estate.resources.iter().flat_map(programs);
    programs
        .filter_map(|(user, command, place)| {
            Some(Worker {
                software: signs::of_command(command)?,
                user: user.to_owned(),
                told_by: format!("{place} works it off"),
            })
        })
        .collect()
}

/// What a resource runs: for whom, the command, and where that stands in words.
fn programs(resource: &Resource) -> Vec<(&str, &str, String)> {
    let (id, name) = (resource.id.as_str(), &resource.name);
    match &resource.attributes {
        Attributes::Process(process) => {
            vec![(&process.app_id, &process.command, format!("process {name}"))]
        }
        Attributes::Server(server) => {
            let units = server.inside.iter().flat_map(|inside| &inside.units);
            units
                .filter(|unit| signs::runs(unit))
                .map(|unit| (id, unit.name.as_str(), format!("{} on {name}", unit.name)))
                .collect()
        }
        Attributes::Codebase(code) => {
            // Files that belong to no application of the estate tell of nobody's store.
            let Some(user) = code.app_id.as_deref() else {
                return Vec::new();
            };
            let processes = code.processes.iter();
            processes
                .filter_map(|own| {
                    let place = format!("process {} in {}", own.name, own.file);
                    Some((user, own.command.as_deref()?, place))
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

impl Worker {
    /// The places that its queue is in, as far as `told` and what its user uses tell.
    pub(super) fn signs(&self, known: &Known, told: &[Sign]) -> Vec<Sign> {
        let places = self.places(known, told);
        let note = match places.len() {
            1 => String::new(),
            count => format!("; in which of {count} is not told"),
        };
        let sign = |place| Sign {
            place,
            software: self.software,
            told_by: format!("{}{note}", self.told_by),
            users: vec![self.user.clone()],
        };
        places.into_iter().map(sign).collect()
    }

    fn places(&self, known: &Known, told: &[Sign]) -> BTreeSet<Place> {
        let told_as = |is: &dyn Fn(&str) -> bool| -> BTreeSet<Place> {
            let told = told.iter();
            let told = told.filter(|sign| is(sign.software) && sign.users.contains(&self.user));
            told.map(|sign| sign.place.clone()).collect()
        };
        let named = told_as(&|software| software == self.software);
        if !named.is_empty() {
            return named;
        }
        let mut possible = known.key_value_stores(&self.user);
        let mut named = told_as(&signs::is_any_queue);
        match signs::works_with_any_broker(self.software) {
            true => possible.extend(told_as(&signs::is_broker)),
            false => named.retain(|place| possible.contains(place)),
        }
        if !named.is_empty() {
            return named;
        }
        let by_default = match self.software == signs::READS_REDIS_URL {
            true => known.default_store(&self.user),
            false => None,
        };
        by_default.map_or(possible, |place| BTreeSet::from([place]))
    }
}
