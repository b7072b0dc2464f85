//! The file in which a person lists scheduled jobs.

use std::fs;
use std::path::Path;

use reberth_discover::heroku::ScheduledJob;

use crate::failure::{CliError, Failure};

const HEADER: &str = "app,schedule,command";

/// Reads the file. A file with nothing but its header says that there are none.
pub(super) fn read(path: &Path) -> Result<Vec<ScheduledJob>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| CliError::file(path, "read", error))?;
    parse(&text).map_err(|(line, why)| {
        CliError::Argument {
            argument: "--scheduled-jobs",
            given: format!("{}:{line}", path.display()),
            why,
        }
        .into()
    })
}

fn parse(text: &str) -> Result<Vec<ScheduledJob>, (usize, String)> {
    let mut lines = text.lines().enumerate();
    match lines.next() {
        Some((_, header)) if header.trim_end() == HEADER => {}
        _ => return Err((1, format!("the first line is not {HEADER}"))),
    }
    let mut jobs = Vec::new();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let mut parts = line.splitn(3, ',').map(str::trim);
        let fields = (parts.next(), parts.next(), parts.next());
        let (Some(app), Some(schedule), Some(command)) = fields else {
            return Err((index + 1, format!("it has not the three fields {HEADER}")));
        };
        if app.is_empty() || command.is_empty() {
            return Err((
                index + 1,
                "the application or the command is empty".to_owned(),
            ));
        }
        jobs.push(ScheduledJob {
            app: app.to_owned(),
            command: command.to_owned(),
            schedule: schedule.to_owned(),
        });
    }
    Ok(jobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_may_hold_commas_and_a_wrong_line_is_named() {
        let text = "app,schedule,command\nshop,daily at 03:30 UTC,rake report[a,b]\n\n";
        let jobs = parse(text).unwrap();
        assert_eq!(jobs.len(), 1);
        assert_eq!(jobs[0].command, "rake report[a,b]");
        assert_eq!(parse("app,schedule,command").unwrap(), []);
        for (text, line) in [
            ("", 1),
            ("shop,daily,rake x", 1),
            ("app,schedule,command\nshop,daily", 2),
            ("app,schedule,command\n,daily,rake", 2),
        ] {
            assert_eq!(parse(text).unwrap_err().0, line, "{text}");
        }
    }
}
