//! What the system says of itself: release, packages, services, work that runs at times, file systems, languages.

use std::collections::BTreeSet;

use reberth_model::estate::{CronEntry, InstalledRuntime, Mount, Package, Unit};

use crate::cron_lines::cron_lines;

/// `PRETTY_NAME` of `/etc/os-release`.
pub(super) fn operating_system(text: &str) -> Option<String> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(plain(value.trim_matches(['"', '\''])))
}

/// `name version`, one a line; `apk list -I` tells more behind it.
pub(super) fn packages(text: &str) -> Vec<Package> {
    let packages = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some(Package {
            name: plain(words.next()?),
            version: plain(words.next()?),
        })
    });
    ordered(packages)
}

/// `unit load active sub description`; what is not installed is left out.
pub(super) fn units(text: &str) -> Vec<Unit> {
    let units = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, load, state, ..] = words[..] else {
            return None;
        };
        (load != "not-found").then(|| Unit {
            name: plain(name),
            state: plain(state),
        })
    });
    ordered(units)
}

/// Blocks of `Id=`, `Unit=` and `TimersCalendar={ OnCalendar=… ; next_elapse=… }`.
pub(super) fn timers(text: &str) -> Vec<CronEntry> {
    let timers = text.split("\n\n").filter_map(|block| {
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
        let calendar = field("TimersCalendar=")?;
        let (_, after) = calendar.split_once("OnCalendar=")?;
        let schedule = after.split([';', '}']).next()?.trim();
        Some(CronEntry {
            place: plain(field("Id=")?),
            schedule: plain(schedule),
            user: None,
            command: plain(field("Unit=")?),
        })
    });
    ordered(timers)
}

/// Tables of the system, which name the account in each line.
pub(super) fn system_crontabs(files: &[(&str, &str)]) -> Vec<CronEntry> {
    ordered(
        files
            .iter()
            .flat_map(|(path, text)| entries(path, text, true)),
    )
}

/// Tables of accounts, and the one of the account that looks.
pub(super) fn crontabs(files: &[(&str, &str)], own: &str) -> Vec<CronEntry> {
    let of_files = files
        .iter()
        .flat_map(|(path, text)| entries(path, text, false));
    ordered(of_files.chain(entries("crontab -l", own, false)))
}

fn entries(place: &str, text: &str, has_users: bool) -> Vec<CronEntry> {
    let lines = cron_lines(text, has_users).into_iter();
    let entry = |line: crate::cron_lines::CronLine| CronEntry {
        place: plain(place),
        schedule: line.schedule,
        user: line.user,
        command: line.command,
    };
    lines.map(entry).collect()
}

/// Lines of `df -PT -B1`: device, kind, size, used, free, share, path. A path may hold blanks.
pub(super) fn mounts(text: &str) -> Vec<Mount> {
    let mounts = text.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [device, kind, size, used, _, _, path @ ..] = &words[..] else {
            return None;
        };
        Some(Mount {
            path: plain(&path.join(" ")),
            device: plain(device),
            kind: plain(kind),
            size_bytes: size.parse().ok()?,
            used_bytes: used.parse().ok()?,
        })
    });
    ordered(mounts)
}

/// Words that languages call themselves by, with ours.
const LANGUAGES: [(&str, &str); 9] = [
    ("ruby", "ruby"),
    ("python", "python"),
    ("this is perl", "perl"),
    ("node", "node"),
    ("php", "php"),
    ("go version go", "go"),
    ("openjdk", "java"),
    ("java", "java"),
    ("dotnet", "dotnet"),
];

/// Lines such as `Python 3.11.2`, `ruby 3.2.2p53 (…)`, `go version go1.22.1 linux/amd64`.
pub(super) fn runtimes(text: &str) -> Vec<InstalledRuntime> {
    let runtimes = text.lines().filter_map(|line| {
        let line = line.to_ascii_lowercase();
        let (word, language) = LANGUAGES.iter().find(|(word, _)| line.starts_with(word))?;
        let rest = &line[word.len()..];
        let start = rest.find(|character: char| character.is_ascii_digit())?;
        let version = rest[start..]
            .split(|character: char| !(character.is_ascii_digit() || character == '.'))
            .next()?;
        // `go version go1.22` is one; a line of a copyright is none.
        let is_version = version.contains('.');
        is_version.then(|| InstalledRuntime {
            language: (*language).to_owned(),
            version: version.trim_matches('.').to_owned(),
        })
    });
    ordered(runtimes)
}

fn ordered<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let items: BTreeSet<T> = items.collect();
    items.into_iter().collect()
}

/// Text without characters that control a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_understood_in_its_own_words() {
        assert_eq!(
            operating_system("ID=x\nPRETTY_NAME=\"Ubuntu 22.04.4 LTS\"\n").as_deref(),
            Some("Ubuntu 22.04.4 LTS")
        );
        assert_eq!(
            packages("nginx 1.18.0-6\nadduser 3.118\n\n")[1].version,
            "1.18.0-6"
        );
        let told = units(
            "nginx.service loaded active running A web server\nghost.service not-found inactive dead ghost\n",
        );
        assert_eq!(
            told,
            [Unit {
                name: "nginx.service".to_owned(),
                state: "active".to_owned()
            }]
        );
        let told = timers(
            "Id=backup.timer\nUnit=backup.service\nTimersCalendar={ OnCalendar=*-*-* 03:00:00 ; next_elapse=Sun }\n\nId=boot.timer\nUnit=boot.service\nTimersCalendar=\n",
        );
        assert_eq!(
            (
                told.len(),
                told[0].schedule.as_str(),
                told[0].command.as_str()
            ),
            (1, "*-*-* 03:00:00", "backup.service")
        );
        let told = mounts(
            "Filesystem Type 1-blocks Used Available Capacity Mounted on\n/dev/vda1 ext4 1000 400 600 40% /\nnas:/x nfs4 5 1 4 20% /mnt/my files\n",
        );
        assert_eq!(
            (
                told[1].path.as_str(),
                told[1].kind.as_str(),
                told[0].used_bytes
            ),
            ("/mnt/my files", "nfs4", 400)
        );
        let told = runtimes(
            "ruby 3.2.2p53 (2023) [x]\nPython 3.11.2\n\nThis is perl 5, version 36, subversion 0 (v5.36.0)\nCopyright 1987\ngo version go1.22.1 linux/amd64\nPHP 8.2.7 (cli)\nopenjdk 17.0.9 2023-10-17\nnode 20.11.0\n",
        );
        let short: Vec<_> = told
            .iter()
            .map(|one| format!("{} {}", one.language, one.version))
            .collect();
        assert_eq!(
            short,
            [
                "go 1.22.1",
                "java 17.0.9",
                "node 20.11.0",
                "php 8.2.7",
                "python 3.11.2",
                "ruby 3.2.2"
            ]
        );
    }
}
