//! What the scheduler started, as an export of an application's log tells it.
//!
//! The platform writes one line for each start, ``heroku[scheduler.4327]: Starting process with command `rake report` ``; archives of log services keep
//! the same words in other columns. Only such lines are read. A job that ran outside the log is not in it, so a log never makes the list complete.

use std::collections::BTreeMap;

use crate::scrubbed::scrubbed;

const SOURCE: &str = "scheduler.";
const START: &str = "Starting process with command `";
/// `2026-11-20T03:30`.
const MINUTE_LENGTH: usize = 16;

/// A job that a log shows to have run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedJob {
    /// Name of the application.
    pub app: String,
    /// What was run; secrets in it are left out.
    pub command: String,
    /// How often it was started within the log.
    pub runs: u64,
    /// First and last minute in which it was started, as the log writes them.
    pub seen: Option<(String, String)>,
}

/// The jobs in the log of one application, ordered by command.
pub fn jobs_of_log(app: &str, log: &str) -> Vec<LoggedJob> {
    let mut jobs: BTreeMap<String, LoggedJob> = BTreeMap::new();
    for (command, minute) in log.lines().filter_map(start) {
        let job = jobs.entry(command.clone()).or_insert_with(|| LoggedJob {
            app: app.to_owned(),
            command,
            runs: 0,
            seen: None,
        });
        job.runs += 1;
        if let Some(minute) = minute {
            let seen = job.seen.take();
            let (first, last) = seen.unwrap_or_else(|| (minute.clone(), minute.clone()));
            // Moments of one form are ordered as their texts are.
            job.seen = Some((first.min(minute.clone()), last.max(minute)));
        }
    }
    jobs.into_values().collect()
}

impl LoggedJob {
    /// What the log tells of its times, in words.
    pub(super) fn when(&self) -> String {
        let times = match &self.seen {
            Some((first, last)) => format!(", first {first}, last {last}"),
            None => String::new(),
        };
        format!("started {} times in the log{times}", self.runs)
    }
}

/// The command of a line that tells of a start, and its minute.
fn start(line: &str) -> Option<(String, Option<String>)> {
    let (head, rest) = line.split_once(START)?;
    if !head.contains(SOURCE) {
        return None;
    }
    let (command, _) = rest.rsplit_once('`')?;
    let command = scrubbed(command);
    (!command.is_empty()).then(|| (command, minute(head)))
}

/// The first word of the line that is a moment.
fn minute(head: &str) -> Option<String> {
    let is_moment = |word: &&str| {
        let bytes = word.as_bytes();
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let is = |at: usize, mark: u8| bytes.get(at) == Some(&mark);
        word.is_ascii() && digit(0) && is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':')
    };
    let word = head.split_whitespace().find(is_moment)?;
    word.get(..MINUTE_LENGTH).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_of_the_scheduler_are_read_from_logs_and_archives() {
        let log = "2026-11-20T03:30:12.345678+00:00 heroku[scheduler.4327]: Starting process with command `rake report[a,b]`\n\
            2026-11-21T03:30:15.1+00:00 heroku[scheduler.9001]: Starting process with command `rake report[a,b]`\n\
            2026-11-21T03:30:15.1+00:00 heroku[run.9002]: Starting process with command `rails console`\n\
            2026-11-21T03:30:16.1+00:00 app[scheduler.9001]: done\n\
            7711\t2026-11-19T10:00:01Z\t2026-11-19T10:00:02Z\t12\tshop\t1.2.3.4\tLocal7\tInfo\theroku/scheduler.11\tStarting process with command `curl -u me:s3cret https://a.example` by user scheduler@addons.heroku.com\n\
            heroku[scheduler.1]: Starting process with command `  `\n\
            heroku[scheduler.1]: Starting process with command `cut";
        let jobs = jobs_of_log("shop", log);
        let told: Vec<(&str, u64, String)> = jobs
            .iter()
            .map(|job| (job.command.as_str(), job.runs, job.when()))
            .collect();
        assert_eq!(
            told,
            [
                (
                    "curl -u [redacted] https://a.example",
                    1,
                    "started 1 times in the log, first 2026-11-19T10:00, last 2026-11-19T10:00"
                        .to_owned()
                ),
                (
                    "rake report[a,b]",
                    2,
                    "started 2 times in the log, first 2026-11-20T03:30, last 2026-11-21T03:30"
                        .to_owned()
                ),
            ]
        );
        assert_eq!(jobs_of_log("shop", "نص `x` \u{1b}[2J"), []);
    }
}
