//! Queues of the estate, with what holds them and what is done with each at the switch.

use reberth_model::estate::{Attributes, Estate, Other, Resource};
use serde_json::Value;

/// The kind's word.
pub(crate) const KIND: &str = "queue";
/// The engine of databases that are a broker; a queue in another one is a table of it.
const KAFKA: &str = "kafka";

/// One queue.
pub(crate) struct Queue<'a> {
    /// The queue.
    pub(crate) resource: &'a Resource,
    /// What holds it.
    pub(crate) holder: Option<&'a Resource>,
    /// The software of the broker, or the library that works it off, ordered.
    pub(crate) software: Vec<&'a str>,
    /// How it is known, ordered.
    pub(crate) told_by: Vec<&'a str>,
    /// Names of what uses it, ordered.
    pub(crate) users: Vec<&'a str>,
}

/// Whether a resource is a queue.
pub(crate) fn is_queue(resource: &Resource) -> bool {
    resource.attributes.kind() == KIND
}

/// Identifier of what holds a queue; `None` of anything else.
pub(crate) fn holder_id(resource: &Resource) -> Option<&str> {
    facts(resource)?.facts.get("kept_in")?.as_str()
}

/// All queues in the order of the estate.
pub(crate) fn of(estate: &Estate) -> Vec<Queue<'_>> {
    let queues = estate.resources.iter().filter(|own| is_queue(own));
    queues.map(|resource| queue(estate, resource)).collect()
}

fn queue<'a>(estate: &'a Estate, resource: &'a Resource) -> Queue<'a> {
    let named = |id: &str| estate.resources.iter().find(|own| own.id == id);
    let edges = estate.edges.iter();
    let uses = edges.filter(|edge| edge.to == resource.id && edge.relation == "uses");
    let mut users: Vec<&str> = uses
        .filter_map(|edge| Some(named(&edge.from)?.name.as_str()))
        .collect();
    users.sort_unstable();
    Queue {
        resource,
        holder: holder_id(resource).and_then(named),
        software: software(resource),
        told_by: words(resource, "told_by"),
        users,
    }
}

/// The software of a queue, ordered.
pub(crate) fn software(resource: &Resource) -> Vec<&str> {
    words(resource, "software")
}

fn facts(resource: &Resource) -> Option<&Other> {
    match &resource.attributes {
        Attributes::Other(other) if other.word == KIND => Some(other),
        _ => None,
    }
}

fn words<'a>(resource: &'a Resource, fact: &str) -> Vec<&'a str> {
    let list = facts(resource).and_then(|other| other.facts.get(fact)?.as_array());
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.collect()
}

/// What is done with a queue at the switch, by what holds it.
pub(crate) fn at_the_switch(holder: Option<&Resource>) -> &'static str {
    match holder.map(|holder| &holder.attributes) {
        Some(Attributes::Cache(_)) => {
            "drained before writes stop, or carried with its store after that"
        }
        Some(Attributes::Database(store)) if store.engine == KAFKA => {
            "drained: producers go over first, readers when nothing waits; its data are not copied"
        }
        Some(Attributes::Database(_)) => "moves with its database: what waits is rows of it",
        Some(Attributes::Addon(_)) => {
            "drained: producers go over first, readers when nothing waits; nothing of it is copied"
        }
        Some(Attributes::Server(_)) => {
            "drained before writes stop, or its files are copied after the broker is shut down"
        }
        _ => "stays where it is: its readers run on one side only",
    }
}

/// Where the price of a queue at the target stands, or that there is none.
pub(crate) fn target_price(holder: Option<&Resource>) -> &'static str {
    match holder.map(|holder| &holder.attributes) {
        Some(Attributes::Cache(_)) => "in the price of its store",
        Some(Attributes::Server(_)) => "in the price of its server",
        Some(Attributes::Addon(_)) => "no target price: as today, if it is kept",
        Some(Attributes::Database(store)) if store.engine == KAFKA => "no target price",
        Some(Attributes::Database(_)) => "in the price of its store",
        _ => "paid to who runs it, as today",
    }
}
