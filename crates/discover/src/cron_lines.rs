//! Lines of a table of cron.

use crate::scrubbed::scrubbed;

/// One entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CronLine {
    /// Five fields, or a word such as `@daily`.
    pub(crate) schedule: String,
    /// The account, in tables of the system.
    pub(crate) user: Option<String>,
    /// What it runs, without secrets.
    pub(crate) command: String,
}

/// The entries of a table. Comments and assignments are stepped over: their values may be secrets.
pub(crate) fn cron_lines(text: &str, has_users: bool) -> Vec<CronLine> {
    text.lines()
        .filter_map(|line| entry(line.trim(), has_users))
        .collect()
}

fn entry(line: &str, has_users: bool) -> Option<CronLine> {
    let fields = if line.starts_with('@') { 1 } else { 5 };
    let mut rest = line;
    let mut take = || {
        let (word, after) = rest.split_once(char::is_whitespace)?;
        rest = after.trim_start();
        Some(word)
    };
    let mut schedule = Vec::new();
    for _ in 0..fields {
        schedule.push(take()?);
    }
    let is_field = |field: &&str| {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"*/,-@?#".contains(&byte);
        !field.is_empty() && field.bytes().all(is_part)
    };
    if line.starts_with('#') || !schedule.iter().all(is_field) {
        return None;
    }
    let user = if has_users {
        Some(take()?.to_owned())
    } else {
        None
    };
    let command = scrubbed(rest);
    (!command.is_empty()).then(|| CronLine {
        schedule: schedule.join(" "),
        user,
        command,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_and_everything_else_is_stepped_over() {
        let text = "# m h dom mon dow user command\nMAILTO=ops@shop.example\nDB_PASSWORD = s3cret x y z w\n17 *\t* * *\troot cd / && run-parts /etc/cron.hourly\n@daily app TOKEN=s3cret bin/report\n*/5 * * *\n";
        let told = cron_lines(text, true);
        let line = |schedule: &str, user: &str, command: &str| CronLine {
            schedule: schedule.to_owned(),
            user: Some(user.to_owned()),
            command: command.to_owned(),
        };
        assert_eq!(
            told,
            [
                line("17 * * * *", "root", "cd / && run-parts /etc/cron.hourly"),
                line("@daily", "app", "TOKEN=[redacted] bin/report")
            ]
        );
        assert_eq!(cron_lines("0 3 * * 1 rake x", false)[0].command, "rake x");
    }
}
