//! What belongs to a system itself or to the provider that it runs at: its new image has its own.

use std::sync::LazyLock;

use crate::csv;

/// Packages and units of the base systems of Debian's and Red Hat's families, and of providers.
const PARTS: &str = include_str!("../../../../catalog/server-own-parts.csv");
/// Endings of packages named after libraries that somebody asked for; other libraries come as dependencies.
const ASKED_FOR: [&str; 3] = ["-dev", "-tools", "-utils"];

struct Part {
    what: String,
    form: String,
    text: String,
}

impl Part {
    fn is(&self, name: &str) -> bool {
        match self.form.as_str() {
            "begins" => name.starts_with(&self.text),
            "ends" => name.ends_with(&self.text),
            _ => name == self.text,
        }
    }
}

fn is_listed(what: &str, name: &str) -> bool {
    static LIST: LazyLock<Vec<Part>> = LazyLock::new(|| {
        let parts = csv::rows(PARTS).filter_map(|row| {
            let [what, form, text] = <[String; 3]>::try_from(row).ok()?;
            Some(Part { what, form, text })
        });
        parts.collect()
    });
    let mut parts = LIST.iter().filter(|part| part.what == what);
    parts.any(|part| part.is(name))
}

/// Whether a package belongs to the system, or comes as a dependency of another.
pub(super) fn is_own_package(name: &str) -> bool {
    let is_asked_for = ASKED_FOR.iter().any(|end| name.ends_with(end));
    let is_library = name.starts_with("lib") && !name.starts_with("libreoffice") && !is_asked_for;
    let is_module = name.starts_with("python3-")
        && !matches!(name, "python3-pip" | "python3-venv" | "python3-dev");
    is_library || is_module || is_listed("package", name)
}

/// Whether a unit belongs to the system.
pub(super) fn is_own_unit(name: &str) -> bool {
    is_listed("unit", name.strip_suffix(".service").unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_is_told_from_the_applications() {
        for name in [
            "libssl3",
            "linux-image-5.15.0-91-generic",
            "droplet-agent",
            "python3-yaml",
            "nginx-common",
        ] {
            assert!(is_own_package(name), "{name}");
        }
        for name in [
            "nginx",
            "redis-server",
            "libvips-dev",
            "libreoffice-writer",
            "imagemagick",
            "python3-pip",
            "nodejs",
            "git",
        ] {
            assert!(!is_own_package(name), "{name}");
        }
        for name in [
            "systemd-logind.service",
            "ssh.service",
            "user@1000.service",
            "snapd.service",
            "getty@tty1.service",
        ] {
            assert!(is_own_unit(name), "{name}");
        }
        for name in [
            "nginx.service",
            "lms-web.service",
            "sidekiq.service",
            "docker.service",
        ] {
            assert!(!is_own_unit(name), "{name}");
        }
    }
}
