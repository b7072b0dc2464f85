//! Tables of cron: five fields or a word with `@`, then a command; those of the system name the account before it.

use reberth_model::estate::{Codebase, Schedule};

use super::File;
use crate::cron_lines::cron_lines;

pub(super) fn read(file: &File<'_>, code: &mut Codebase) -> Result<(), String> {
    for line in cron_lines(file.text, false) {
        code.schedules.push(Schedule {
            file: file.name.to_owned(),
            schedule: line.schedule,
            command: line.command,
        });
    }
    Ok(())
}
