//! How what is no database comes to the target, in a few words for the scope of work.

use std::collections::BTreeMap;

use reberth_model::assessment::ResourceName;
use reberth_model::estate::{Addon, Estate};

use crate::{csv, queues};

const ADDONS: &str = include_str!("../../../../catalog/heroku-addons-to-aws.csv");

/// The words for every kind of resource, and for every service that is added to applications.
pub(super) struct HowItMoves<'a> {
    addons: BTreeMap<&'a str, &'a Addon>,
    /// By service: what is done, and what takes its place.
    services: BTreeMap<String, String>,
    /// By identifier of the queue.
    queues: BTreeMap<&'a str, &'static str>,
}

impl<'a> HowItMoves<'a> {
    /// Of what is in the estate.
    pub(super) fn of(estate: &'a Estate) -> HowItMoves<'a> {
        HowItMoves {
            addons: estate
                .addons()
                .map(|(resource, addon)| (resource.id.as_str(), addon))
                .collect(),
            services: csv::records(ADDONS).iter().filter_map(service).collect(),
            queues: queues::of(estate)
                .into_iter()
                .map(|queue| {
                    (
                        queue.resource.id.as_str(),
                        queues::at_the_switch(queue.holder),
                    )
                })
                .collect(),
        }
    }

    /// The words for one resource; empty for a kind that has a method of its own.
    pub(super) fn words(&self, member: &ResourceName) -> String {
        match member.kind.as_str() {
            "app" => "built as an image, run at the target",
            "server" => "made anew at the target; what runs on it is carried over",
            "load_balancer" => "made anew; names lead to it at the switch",
            "volume" => "files copied, and once more before the switch",
            "database_replica" => "made anew from its database at the target",
            "addon" => return self.addon(&member.id),
            queues::KIND => self
                .queues
                .get(member.id.as_str())
                .copied()
                .unwrap_or_default(),
            _ => "",
        }
        .to_owned()
    }

    fn addon(&self, id: &str) -> String {
        let service = self.addons.get(id).map(|addon| addon.service.as_str());
        let known = service.and_then(|service| self.services.get(service));
        known.map_or_else(
            || "not known to this build: its owner decides".to_owned(),
            String::clone,
        )
    }
}

fn service(record: &Vec<String>) -> Option<(String, String)> {
    let [service, _, _, _, target, migration, _, _] = record.as_slice() else {
        return None;
    };
    let words = match target.as_str() {
        "" => migration.clone(),
        target => format!("{migration}: {target}"),
    };
    Some((service.clone(), words))
}
