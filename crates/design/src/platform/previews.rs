//! Room for applications that the platform makes for one change under review.

use reberth_model::design::{Origin, Previews};
use reberth_model::estate::{Attributes, Estate};

use super::estate_app::EstateApp;
use super::resources;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;

const COUNT_MAX: u64 = 200;

/// Room for as many as there are today, in the size of the largest; `None` where the source makes none.
pub(super) fn design(
    estate: &Estate,
    apps: &[EstateApp<'_>],
    node_groups: &[String],
    environment: &str,
    decisions: &mut Decisions<'_>,
) -> Result<Option<Previews>, DesignError> {
    let present: Vec<&EstateApp<'_>> = apps.iter().filter(|app| app.is_preview()).collect();
    let Some(largest) = present
        .iter()
        .max_by_key(|app| (asked(app).1, app.key.clone()))
    else {
        return Ok(None);
    };
    let count_max = decisions.number(&Question {
        id: "previews.count_max",
        value: &present.len().max(counted(estate)).to_string(),
        alternative: "0",
        why: "as many as there are today; more of them wait, and others are not slowed down by them",
        may_be: Values::Number(0, COUNT_MAX),
    })?;
    let (cpu_request_millis, memory_request_mib, pods) = asked(largest);
    let mut from: Vec<String> = present.iter().map(|app| app.resource.id.clone()).collect();
    from.sort();
    Ok(Some(Previews {
        node_group: node_group(node_groups, environment),
        count_max: count_max as u32,
        pods,
        cpu_request_millis,
        memory_request_mib,
        origin: Origin {
            from,
            why: "made anew for each change by the build machine, with a namespace that goes with the change; those of today are not moved".to_owned(),
        },
    }))
}

/// Processors, memory and pods of all that an application runs.
fn asked(app: &EstateApp<'_>) -> (u64, u64, u32) {
    let mut sum = (0, 0, 0);
    for (_, process) in app
        .processes
        .iter()
        .filter(|(_, process)| process.instances > 0)
    {
        let own = resources::own(process);
        let count = u64::from(process.instances);
        sum.0 += own.cpu_request_millis * count;
        sum.1 += own.memory_request_mib * count;
        sum.2 += process.instances;
    }
    sum
}

fn counted(estate: &Estate) -> usize {
    let pipelines = estate
        .resources
        .iter()
        .filter_map(|resource| match &resource.attributes {
            Attributes::Pipeline(pipeline) => pipeline.review_apps,
            _ => None,
        });
    pipelines.sum::<u64>().min(COUNT_MAX) as usize
}

/// Beside staging, where there is one: never on the nodes of the main environment unless there are no others.
fn node_group(node_groups: &[String], environment: &str) -> String {
    let others = || node_groups.iter().filter(|key| *key != environment);
    others()
        .find(|key| *key == "staging")
        .or_else(|| others().next())
        .map_or_else(|| environment.to_owned(), Clone::clone)
}
