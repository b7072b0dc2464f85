//! What is run on a server: one list, shown beforehand, that writes nothing.

/// A question and the command that answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// What it asks for.
    pub name: &'static str,
    /// The command, for a POSIX shell. `file` is a function that shows a file under its name when it can be read.
    pub command: &'static str,
}

/// Everything that is run, in this order. Nothing writes, nothing asks for more rights, nothing reaches another machine but the resolver.
pub const PROBES: &[Probe] = &[
    Probe {
        name: "os",
        command: "cat /etc/os-release",
    },
    Probe {
        name: "kernel",
        command: "uname -sr",
    },
    Probe {
        name: "packages",
        command: "dpkg-query -W -f '${Package} ${Version}\\n' || rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\\n' || apk list -I",
    },
    Probe {
        name: "units",
        command: "systemctl list-units --type=service --all --plain --no-legend --no-pager",
    },
    Probe {
        name: "timers",
        command: "systemctl show --no-pager -p Id -p Unit -p TimersCalendar '*.timer'",
    },
    Probe {
        name: "system crontabs",
        command: "for path in /etc/crontab /etc/cron.d/*; do file \"$path\"; done",
    },
    Probe {
        name: "crontabs",
        command: "for path in /var/spool/cron/crontabs/* /var/spool/cron/*; do file \"$path\"; done",
    },
    Probe {
        name: "own crontab",
        command: "crontab -l",
    },
    Probe {
        name: "listeners",
        command: "ss -H -lntup",
    },
    Probe {
        name: "connections",
        command: "ss -H -ntp state established",
    },
    Probe {
        name: "mounts",
        command: "df -PT -B1 -x tmpfs -x devtmpfs -x overlay -x squashfs",
    },
    Probe {
        name: "nginx",
        command: "for path in /etc/nginx/nginx.conf /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*; do file \"$path\"; done",
    },
    Probe {
        name: "apache",
        command: "for path in /etc/apache2/sites-enabled/* /etc/httpd/conf.d/*.conf; do file \"$path\"; done",
    },
    Probe {
        name: "runtimes",
        command: "for program in ruby python3 perl java; do command -v $program >/dev/null && $program --version 2>&1; done; node --version | sed 's/^v/node /'; php --version; go version; dotnet --version | sed 's/^/dotnet /'",
    },
];

/// The script that runs every probe. Each answer stands between lines that begin with `mark`, which nobody on the server knows beforehand, so that no
/// file there can pass for another answer. `hosts` are names to look up; whoever gives them has made sure that they are nothing else.
pub(super) fn script(mark: &str, hosts: &[&str]) -> String {
    let mut script = format!(
        "LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin\n\
         file() {{ [ -f \"$1\" ] && printf '\\n{mark} file %s\\n' \"$1\" && cat \"$1\"; }}\n"
    );
    for probe in PROBES {
        script.push_str(&probe_lines(mark, probe.name, probe.command));
    }
    let lookups: Vec<String> = hosts
        .iter()
        .map(|host| format!("printf '\\n{mark} file {host}\\n'; getent ahosts {host}"))
        .collect();
    if !lookups.is_empty() {
        script.push_str(&probe_lines(mark, "hosts", &lookups.join("; ")));
    }
    script.push_str(&format!("printf '\\n{mark} end\\n'\n"));
    script
}

fn probe_lines(mark: &str, name: &str, command: &str) -> String {
    format!(
        "printf '\\n{mark} probe {name}\\n'\n{{ {command}; }} 2>/dev/null </dev/null\nprintf '\\n{mark} status %s\\n' $?\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_probe_writes() {
        for probe in PROBES {
            let without = probe.command.replace("2>&1", "").replace(">/dev/null", "");
            assert!(!without.contains('>'), "{} writes a file", probe.name);
            for word in [
                "sudo", "rm ", "mv ", "tee", "curl", "wget", "kill", "mkdir", "touch", "sed -i",
                "restart", "apt", "dpkg -",
            ] {
                assert!(!probe.command.contains(word), "{} has {word}", probe.name);
            }
        }
    }
}
