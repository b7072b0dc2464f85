//! What was seen inside a server, without what every system brings along.

use reberth_model::estate::{CronEntry, Inside, ListeningPort, Mount};

/// Timers and tables that systems of the Debian and Red Hat families install; what they do, a new server does anew.
const HOUSEKEEPING: [&str; 24] = [
    "apt-daily",
    "apt-compat",
    "certbot",
    "cron.daily",
    "cron.hourly",
    "cron.monthly",
    "cron.weekly",
    "debian-sa1",
    "dnf-makecache",
    "dpkg-db-backup",
    "e2scrub",
    "fstrim",
    "fwupd",
    "logrotate",
    "man-db",
    "mdadm",
    "mlocate",
    "motd-news",
    "plocate",
    "popularity-contest",
    "sysstat",
    "systemd-tmpfiles",
    "ua-timer",
    "update-notifier",
];

/// Where a system's own file systems are mounted.
const OWN_MOUNTS: [&str; 5] = ["/", "/boot", "/boot/efi", "/efi", "/snap"];

/// Work at set times that the system did not bring along.
pub(crate) fn schedules(inside: &Inside) -> Vec<&CronEntry> {
    let entries = inside.schedules.iter();
    entries.filter(|entry| !is_housekeeping(entry)).collect()
}

fn is_housekeeping(entry: &CronEntry) -> bool {
    HOUSEKEEPING
        .iter()
        .any(|word| entry.command.contains(word) || entry.place.contains(word))
}

/// File systems beside the system's own.
pub(crate) fn data_mounts(inside: &Inside) -> Vec<&Mount> {
    let mounts = inside.mounts.iter();
    mounts
        .filter(|mount| !OWN_MOUNTS.contains(&mount.path.as_str()))
        .collect()
}

/// Share of a file system in use, in percent; `None` of one without a size.
pub(crate) fn used_percent(mount: &Mount) -> Option<f64> {
    let used = mount.used_bytes as f64 * 100.0 / mount.size_bytes as f64;
    (mount.size_bytes > 0).then_some(used)
}

/// Where programs listen for every address, TCP only.
pub(crate) fn open_listeners(inside: &Inside) -> impl Iterator<Item = &ListeningPort> {
    let is_open = |listener: &&ListeningPort| {
        let address = listener.address.trim_matches(['[', ']']);
        listener.protocol == "tcp" && matches!(address, "0.0.0.0" | "::" | "*")
    };
    inside.listeners.iter().filter(is_open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_system_brings_along_is_no_work_to_move() {
        let entry = |place: &str, command: &str| CronEntry {
            place: place.to_owned(),
            command: command.to_owned(),
            ..CronEntry::default()
        };
        let inside = Inside {
            schedules: vec![
                entry("timer", "apt-daily-upgrade.service"),
                entry(
                    "/etc/crontab",
                    "test -x /usr/sbin/anacron || run-parts --report /etc/cron.daily",
                ),
                entry("/etc/cron.d/sysstat", "command -v debian-sa1 > /dev/null"),
                entry("/var/spool/cron/crontabs/deploy", "bin/rake invoices:send"),
            ],
            ..Inside::default()
        };
        let own: Vec<&str> = schedules(&inside)
            .iter()
            .map(|own| own.command.as_str())
            .collect();
        assert_eq!(own, ["bin/rake invoices:send"]);
    }
}
