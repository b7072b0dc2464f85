//! Scheduled work: what a table of cron at the target can say as it was said at the source.

use reberth_model::design::FoundSchedule;
use reberth_model::estate::{CronEntry, Inside, REDACTED};
use std::collections::BTreeSet;

use super::{Seen, common, system};

/// Folders of tables that belong to one account, each table named after it.
const TABLES_OF_ACCOUNTS: [&str; 2] = ["/var/spool/cron/crontabs/", "/var/spool/cron/"];

/// The work that every server has.
pub(super) fn carried(seen: &[Seen<'_>], left: &mut BTreeSet<String>) -> Vec<FoundSchedule> {
    let mut each = Vec::new();
    for (name, inside) in seen {
        let mut own = BTreeSet::new();
        for entry in scheduled(inside) {
            match understood(entry) {
                Ok(schedule) => {
                    own.insert(schedule);
                }
                Err(why) => {
                    let what = format!("{} {}", entry.schedule, entry.command);
                    left.insert(format!(
                        "scheduled work on {name} ({}: {what}): {why}",
                        entry.place
                    ));
                }
            }
        }
        each.push((*name, own));
    }
    let words = |own: &FoundSchedule| format!("{} {}", own.schedule, own.command);
    common(each, "scheduled work", words, left)
}

/// Entries beyond those that the system or a package brings.
fn scheduled(inside: &Inside) -> impl Iterator<Item = &CronEntry> {
    let comes_with_package = |entry: &CronEntry| {
        let table = entry.place.strip_prefix("/etc/cron.d/");
        let of_package = table.is_some_and(|table| {
            inside
                .packages
                .iter()
                .any(|package| package.name.starts_with(table))
        });
        let is_folder = entry.place == "/etc/crontab" && entry.command.contains("run-parts");
        let timer = entry.place.strip_suffix(".timer");
        of_package
            || is_folder
            || timer.is_some_and(|name| system::is_own_unit(&format!("{name}.service")))
    };
    inside
        .schedules
        .iter()
        .filter(move |entry| !comes_with_package(entry))
}

/// The entry as a line of a system's table, or why it cannot be one.
fn understood(entry: &CronEntry) -> Result<FoundSchedule, &'static str> {
    if entry.place.ends_with(".timer") {
        return Err("a timer of its own: bring its units with the release");
    }
    if entry.command.contains(REDACTED) {
        return Err(
            "a secret stood in it: write it anew so that it reads the secret from Secrets Manager",
        );
    }
    if entry.schedule.starts_with("@reboot") {
        return Err("it starts with the server: make it a unit");
    }
    let account = entry.user.clone().or_else(|| owner(&entry.place));
    match account {
        Some(account) if is_account(&account) => Ok(FoundSchedule {
            schedule: entry.schedule.clone(),
            account,
            command: entry.command.clone(),
        }),
        Some(_) => Err("its account has a name that Linux does not take"),
        None => Err("it belongs to the account that looked: name the account that it shall run as"),
    }
}

fn owner(place: &str) -> Option<String> {
    let mut folders = TABLES_OF_ACCOUNTS.iter();
    folders
        .find_map(|folder| place.strip_prefix(folder))
        .map(str::to_owned)
}

/// Whether a text is a name that `useradd` takes.
fn is_account(name: &str) -> bool {
    const LENGTH_MAX: usize = 32;
    name.len() <= LENGTH_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_carried_or_says_why_not() {
        let entry = |place: &str, user: Option<&str>, command: &str| CronEntry {
            place: place.to_owned(),
            schedule: "0 3 * * *".to_owned(),
            user: user.map(str::to_owned),
            command: command.to_owned(),
        };
        for (entry, expected) in [
            (entry("/etc/crontab", Some("app"), "bin/x"), Ok("app")),
            (
                entry("/var/spool/cron/crontabs/deploy", None, "bin/x"),
                Ok("deploy"),
            ),
            (entry("/var/spool/cron/deploy", None, "bin/x"), Ok("deploy")),
            (entry("crontab -l", None, "bin/x"), Err("that looked")),
            (entry("backup.timer", None, "backup.service"), Err("timer")),
            (
                entry("/etc/crontab", Some("app"), "TOKEN=[redacted] bin/x"),
                Err("secret"),
            ),
            (
                entry("/etc/crontab", Some("app;id"), "bin/x"),
                Err("does not take"),
            ),
        ] {
            match (understood(&entry), expected) {
                (Ok(found), Ok(account)) => assert_eq!(found.account, account),
                (Err(why), Err(word)) => assert!(why.contains(word), "{why}"),
                (found, _) => panic!("{entry:?}: {found:?}"),
            }
        }
    }
}
