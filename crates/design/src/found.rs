//! What was found on the servers of a role, as far as a new image can be made from it.
//!
//! Servers of one role need not be equal. Packages of any of them are taken, since one too many harms nobody. Units,
//! scheduled work and sites are taken only where every server that was seen has them: on a server more they would run
//! once more. Everything else is said in a sentence for people, never dropped.

mod schedules;
mod system;

use reberth_model::design::{Contents, FoundPackage, FoundRuntime, FoundSite};
use reberth_model::estate::Inside;
use std::collections::{BTreeMap, BTreeSet};

use crate::compute::Role;

/// A server that somebody looked into, by name.
pub(super) type Seen<'a> = (&'a str, &'a Inside);

/// What was found on the servers of a role.
pub(crate) fn contents(role: &Role<'_>) -> Contents {
    let servers = || {
        role.servers
            .iter()
            .map(|(resource, server)| (resource.name.as_str(), server))
    };
    let seen: Vec<Seen<'_>> = servers()
        .filter_map(|(name, server)| Some((name, server.inside.as_ref()?)))
        .collect();
    let mut contents = Contents {
        seen: seen.iter().map(|(name, _)| (*name).to_owned()).collect(),
        unseen: servers()
            .filter(|(_, server)| server.inside.is_none())
            .map(|(name, _)| name.to_owned())
            .collect(),
        ..Contents::default()
    };
    if seen.is_empty() {
        return contents;
    }
    let mut left = BTreeSet::new();
    contents.packages = packages(&seen);
    contents.units = units(&seen, &mut left);
    contents.runtimes = runtimes(&seen, &mut left);
    contents.sites = sites(&seen, &mut left);
    contents.schedules = schedules::carried(&seen, &mut left);
    let accounts = contents.schedules.iter().map(|own| own.account.clone());
    let accounts: BTreeSet<String> = accounts.filter(|name| name != "root").collect();
    contents.accounts = accounts.into_iter().collect();
    left.extend(seen.iter().flat_map(|(name, inside)| {
        let unknown = inside.unknown.iter();
        unknown.map(move |what| format!("not known of {name}: {what}"))
    }));
    contents.left_to_people = left.into_iter().collect();
    contents
}

/// Packages of any server beyond the system's own and beyond libraries, which come as dependencies.
fn packages(seen: &[Seen<'_>]) -> Vec<FoundPackage> {
    let mut found: BTreeMap<&str, &str> = BTreeMap::new();
    for (_, inside) in seen {
        for package in &inside.packages {
            if !system::is_own_package(&package.name) {
                found.entry(&package.name).or_insert(&package.version);
            }
        }
    }
    let packages = found.into_iter().map(|(name, version)| FoundPackage {
        name: name.to_owned(),
        version: version.to_owned(),
    });
    packages.collect()
}

fn units(seen: &[Seen<'_>], left: &mut BTreeSet<String>) -> Vec<String> {
    let running = |inside: &Inside| -> BTreeSet<String> {
        let active = inside.units.iter().filter(|unit| unit.state == "active");
        let names = active.map(|unit| unit.name.clone());
        names.filter(|name| !system::is_own_unit(name)).collect()
    };
    let failed = seen.iter().flat_map(|(name, inside)| {
        let failed = inside.units.iter().filter(|unit| unit.state == "failed");
        failed.map(move |unit| format!("unit {} had failed on {name}", unit.name))
    });
    left.extend(failed);
    let each = seen.iter().map(|(name, inside)| (*name, running(inside)));
    common(each.collect(), "unit", |name| name.clone(), left)
}

fn runtimes(seen: &[Seen<'_>], left: &mut BTreeSet<String>) -> Vec<FoundRuntime> {
    let answered = |inside: &Inside| -> BTreeSet<FoundRuntime> {
        let of_system = |language: &str| match language {
            "perl" => true,
            "python" => !inside
                .packages
                .iter()
                .any(|package| uses_python(&package.name)),
            _ => false,
        };
        let asked_for = inside
            .runtimes
            .iter()
            .filter(|own| !of_system(&own.language));
        let runtimes = asked_for.map(|own| FoundRuntime {
            language: own.language.clone(),
            version: own.version.clone(),
        });
        runtimes.collect()
    };
    let each = seen.iter().map(|(name, inside)| (*name, answered(inside)));
    let words = |own: &FoundRuntime| format!("{} {}", own.language, own.version);
    common(each.collect(), "language", words, left)
}

/// Whether a package tells that somebody writes in Python here: every system has the language for itself.
fn uses_python(package: &str) -> bool {
    matches!(package, "python3-pip" | "python3-venv" | "python3-dev")
        || package.starts_with("python3.")
}

fn sites(seen: &[Seen<'_>], left: &mut BTreeSet<String>) -> Vec<FoundSite> {
    let served = |inside: &Inside| -> BTreeSet<FoundSite> {
        let sites = inside.sites.iter().map(|site| FoundSite {
            server: site.server.clone(),
            file: site.file.clone(),
            names: site.names.clone(),
            upstreams: site.upstreams.clone(),
            roots: site.roots.clone(),
        });
        sites.collect()
    };
    let each = seen.iter().map(|(name, inside)| (*name, served(inside)));
    let words = |site: &FoundSite| format!("{} ({})", site.file, site.names.join(", "));
    let mut sites = common(each.collect(), "site", words, left);
    sites.retain(|site| match not_written(site) {
        None => true,
        Some(why) => {
            left.insert(format!(
                "site {}: {why}; bring its file with the release",
                words(site)
            ));
            false
        }
    });
    sites
}

/// Why a site cannot be written from what is known of it.
fn not_written(site: &FoundSite) -> Option<&'static str> {
    let is_plain = |text: &String| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-*:/".contains(c))
    };
    let parts = || site.names.iter().chain(&site.upstreams).chain(&site.roots);
    let is_socket = |upstream: &String| upstream.starts_with("unix:");
    match site {
        _ if site.upstreams.len() > 1 || site.roots.len() > 1 => {
            Some("it leads to several places, and which paths go where is not known")
        }
        _ if !parts().all(is_plain) => Some("its names or folders are not plain words"),
        _ if site.server != "nginx" && site.upstreams.iter().any(is_socket) => {
            Some("it leads to a socket")
        }
        _ => None,
    }
}

/// What every server has; what only some have is named with them.
fn common<T: Ord + Clone>(
    each: Vec<(&str, BTreeSet<T>)>,
    kind: &str,
    words: impl Fn(&T) -> String,
    left: &mut BTreeSet<String>,
) -> Vec<T> {
    let all: BTreeSet<&T> = each.iter().flat_map(|(_, own)| own).collect();
    let mut carried = Vec::new();
    for item in all {
        let with: Vec<&str> = each
            .iter()
            .filter(|(_, own)| own.contains(item))
            .map(|(name, _)| *name)
            .collect();
        if with.len() == each.len() {
            carried.push(item.clone());
        } else {
            let on = with.join(", ");
            left.insert(format!(
                "{kind} {} is on {on} only, so it is not in the image of all",
                words(item)
            ));
        }
    }
    carried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_some_have_is_named_with_them() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let each: Vec<(&str, BTreeSet<String>)> =
            vec![("web-1", set(&["a", "b"])), ("web-2", set(&["b", "c"]))];
        let mut left = BTreeSet::new();
        assert_eq!(common(each, "unit", Clone::clone, &mut left), ["b"]);
        let left: Vec<String> = left.into_iter().collect();
        assert_eq!(
            left,
            [
                "unit a is on web-1 only, so it is not in the image of all",
                "unit c is on web-2 only, so it is not in the image of all"
            ]
        );
    }
}
