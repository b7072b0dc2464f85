//! Files that outlive servers: block storage that was attached to them, and shares that several of them mount.
//!
//! A disk follows one server at a time. So it takes the place of a volume only where a service never has two servers;
//! everywhere else the files go to a file system that all servers mount.

use reberth_model::design::{FileForm, FileStore, Origin, Service, Zone};
use reberth_model::estate::{Attributes, Estate, Resource, Server};
use std::collections::{BTreeMap, BTreeSet};

use crate::compute::Role;
use crate::decisions::{Decisions, Question, Values};
use crate::error::DesignError;
use crate::name;

const KEY_LENGTH_MAX: usize = 24;
const DISK: &str = "disk";
const SHARED: &str = "shared_file_system";
const LEAVE: &str = "leave";
/// Kinds of file systems that other machines serve.
const SHARES: [&str; 5] = ["nfs", "nfs4", "cifs", "glusterfs", "fuse.sshfs"];
const GIB: u64 = 1 << 30;

/// Files as they lie at the source.
struct Found {
    name: String,
    /// Ids of the estate that they come from.
    from: Vec<String>,
    size_gib: u64,
    server: String,
    path: Option<String>,
    /// Whether several servers mount the same.
    is_share: bool,
    what: String,
}

/// Designs them for all services, ordered by key.
pub(crate) fn stores(
    estate: &Estate,
    roles: &[Role<'_>],
    services: &[Service],
    zones: &[Zone],
    decisions: &mut Decisions<'_>,
) -> Result<Vec<FileStore>, DesignError> {
    let zone = zones
        .first()
        .map(|zone| zone.key.clone())
        .unwrap_or_default();
    let mut taken = BTreeSet::new();
    let mut stores = Vec::new();
    for role in roles {
        let Some(service) = services.iter().find(|service| service.key == role.key) else {
            continue;
        };
        let mut paths = BTreeSet::new();
        for found in volumes(estate, role).into_iter().chain(shares(role)) {
            let id = found.from.first().cloned().unwrap_or_default();
            let key = name::unique_key(&found.name, &id, KEY_LENGTH_MAX, &mut taken);
            let choice = form(&key, &found, service, decisions)?;
            let Some(form) = choice.form else { continue };
            let path = path(&found, &key, &mut paths);
            stores.push(FileStore {
                form,
                service: service.key.clone(),
                path,
                size_gib: found.size_gib,
                zone: if form == FileForm::Disk {
                    zone.clone()
                } else {
                    String::new()
                },
                security_group: if form == FileForm::Shared {
                    format!("files-{key}")
                } else {
                    String::new()
                },
                server: found.server,
                source_path: found.path,
                origin: Origin {
                    from: found.from,
                    why: format!("{}; {}", found.what, choice.why),
                },
                key,
            });
        }
    }
    stores.sort_by(|left, right| left.key.cmp(&right.key));
    Ok(stores)
}

struct Chosen {
    form: Option<FileForm>,
    why: String,
}

fn form(
    key: &str,
    found: &Found,
    service: &Service,
    decisions: &mut Decisions<'_>,
) -> Result<Chosen, DesignError> {
    let is_single = service.capacity.max == 1 && !found.is_share;
    let (value, why, may_be): (_, _, &[&str]) = if is_single {
        (
            DISK,
            "one server at a time writes there, and takes the disk with it when it is replaced",
            &[DISK, SHARED, LEAVE],
        )
    } else {
        (
            SHARED,
            "a disk cannot follow servers that replace themselves, so all of them mount one file system",
            &[SHARED, LEAVE],
        )
    };
    let choice = decisions.decide(&Question {
        id: &format!("files.{key}.form"),
        value,
        alternative: if is_single { SHARED } else { LEAVE },
        why,
        may_be: Values::OneOf(may_be),
    })?;
    Ok(Chosen {
        form: match choice.value.as_str() {
            DISK => Some(FileForm::Disk),
            SHARED => Some(FileForm::Shared),
            _ => None,
        },
        why: choice.why,
    })
}

/// Volumes that are attached to a server of the role.
fn volumes(estate: &Estate, role: &Role<'_>) -> Vec<Found> {
    let attached = estate.resources.iter().filter_map(|resource| {
        let Attributes::Volume(volume) = &resource.attributes else {
            return None;
        };
        let mut servers = role.servers.iter();
        let (server, attributes) = servers.find(|(own, _)| volume.server_ids.contains(&own.id))?;
        Some(Found {
            name: resource.name.clone(),
            from: vec![resource.id.clone()],
            size_gib: volume.size_gib.max(1),
            server: server.name.clone(),
            path: mounted(resource, attributes),
            is_share: false,
            what: format!("replaces volume {} of {}", resource.name, server.name),
        })
    });
    attached.collect()
}

/// Where a volume is mounted: its provider mounts it at a folder of its name.
fn mounted(volume: &Resource, server: &Server) -> Option<String> {
    let inside = server.inside.as_ref()?;
    let plain = |text: &str| text.replace('_', "-").to_ascii_lowercase();
    let named = |path: &str| {
        path.rsplit('/')
            .next()
            .is_some_and(|last| plain(last) == plain(&volume.name))
    };
    let mut mounts = inside.mounts.iter();
    mounts
        .find(|mount| named(&mount.path))
        .map(|mount| mount.path.clone())
}

/// Shares of other machines that servers of the role mount, each once.
fn shares(role: &Role<'_>) -> Vec<Found> {
    let mut found: BTreeMap<(&str, &str), Found> = BTreeMap::new();
    for (resource, server) in &role.servers {
        let mounts = server.inside.iter().flat_map(|inside| &inside.mounts);
        for mount in mounts.filter(|mount| SHARES.contains(&mount.kind.as_str())) {
            let last = mount.path.rsplit('/').next().unwrap_or_default();
            let own = found
                .entry((&mount.device, &mount.path))
                .or_insert_with(|| Found {
                    name: format!("{}-{last}", role.key),
                    from: Vec::new(),
                    size_gib: mount.used_bytes.div_ceil(GIB).max(1),
                    server: resource.name.clone(),
                    path: Some(mount.path.clone()),
                    is_share: true,
                    what: format!(
                        "replaces the share {} that is mounted at {}",
                        mount.device, mount.path
                    ),
                });
            own.from.push(resource.id.clone());
        }
    }
    found.into_values().collect()
}

/// Where it is mounted: as at the source, unless two would lie at one place or the text is no plain path.
fn path(found: &Found, key: &str, taken: &mut BTreeSet<String>) -> String {
    let own = found
        .path
        .clone()
        .unwrap_or_else(|| format!("/mnt/{}", found.name.replace('-', "_")));
    let is_plain = own.starts_with('/')
        && own.len() > 1
        && !own.contains("..")
        && own
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let path = if is_plain && !taken.contains(&own) {
        own
    } else {
        format!("/mnt/{key}")
    };
    taken.insert(path.clone());
    path
}
