//! Scheduled jobs, for which no API exists.

use reberth_model::estate::{Attributes, Job, Resource};

use super::Options;
use super::addons::{Addons, SCHEDULER};
use super::apps::AppSummary;
use super::reader::Reader;
use crate::gathered::Gathered;
use crate::scrubbed::scrubbed;

/// Adds the jobs that a person listed, and notes each application with a scheduler for which nobody did: the estate is not complete until then.
pub(super) fn gather_listed(
    reader: &Reader<'_>,
    apps: &[AppSummary],
    addons: &Addons,
    options: &Options<'_>,
    gathered: &mut Gathered,
) {
    let listed = options.scheduled_jobs.unwrap_or_default();
    for (number, job) in listed.iter().enumerate() {
        let Some(app) = apps.iter().find(|app| app.name == job.app) else {
            reader
                .notes()
                .unmapped("scheduled jobs given", format!("application {}", job.app));
            continue;
        };
        let id = format!("{}/scheduled/{}", app.id, number + 1);
        let owner = format!("scheduled job {} of {}", number + 1, app.name);
        let command = reader.notes().command(&owner, &job.command);
        gathered.refer(&id, "belongs_to", &app.id);
        gathered.add(Resource {
            id,
            name: command.clone(),
            region: None,
            cost: None,
            attributes: Attributes::Job(Job {
                app_id: app.id.clone(),
                command,
                schedule: Some(job.schedule.clone()),
                seen_in: "import".to_owned(),
            }),
        });
    }
    gather_logged(reader, apps, options, gathered);
    if options.scheduled_jobs.is_some() {
        return;
    }
    for addon in addons
        .list
        .iter()
        .filter(|addon| addon.service() == SCHEDULER)
    {
        let of = addon
            .app
            .as_ref()
            .map_or(addon.name.as_str(), |app| app.name.as_str());
        let reason = "the scheduler has no API: list its jobs in a file and give it with --scheduled-jobs; what runs now, was seen with --watch-jobs or stands in a log given with --scheduler-log may not be all";
        reader
            .notes()
            .not_visible(&format!("scheduled jobs of {of}"), reason.to_owned());
    }
}

/// Adds the jobs that logs show and nobody listed.
fn gather_logged(
    reader: &Reader<'_>,
    apps: &[AppSummary],
    options: &Options<'_>,
    gathered: &mut Gathered,
) {
    let listed = options.scheduled_jobs.unwrap_or_default();
    for (number, job) in options.logged_jobs.iter().enumerate() {
        let Some(app) = apps.iter().find(|app| app.name == job.app) else {
            let what = format!("application {}", job.app);
            reader.notes().unmapped("logs of the scheduler given", what);
            continue;
        };
        let is_listed =
            |own: &super::ScheduledJob| own.app == job.app && scrubbed(&own.command) == job.command;
        if listed.iter().any(is_listed) {
            continue;
        }
        let id = format!("{}/logged/{}", app.id, number + 1);
        gathered.refer(&id, "belongs_to", &app.id);
        gathered.add(Resource {
            id,
            name: job.command.clone(),
            region: None,
            cost: None,
            attributes: Attributes::Job(Job {
                app_id: app.id.clone(),
                command: job.command.clone(),
                schedule: Some(job.when()),
                seen_in: "log".to_owned(),
            }),
        });
    }
}
