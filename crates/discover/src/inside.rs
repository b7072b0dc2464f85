//! Servers from inside: what runs on them, over SSH.
//!
//! The system's own `ssh` is the client: it knows the user's keys, agents, jump hosts and known hosts, and is what people
//! trust. It asks nothing (`BatchMode`), believes no host key that it does not know, and forwards nothing. What it runs is the list
//! [`PROBES`], given to `sh` on its standard input; nothing of it writes or asks for more rights.
//!
//! A server that cannot be seen into is noted with the reason, and the others are read.

mod answers;
mod probes;
mod sites;
mod sockets;
mod system;

pub use probes::{PROBES, Probe};

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use reberth_model::estate::{Attributes, Edge, Estate, Inside, NotVisible, Server};
use ring::rand;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

use crate::host_name::is_host_name;
use crate::{OnProgress, Progress};
use answers::{Probed, answers};

/// Packages of a large server are about 300 kB.
const OUTPUT_BYTES_MAX: u64 = 16 * 1024 * 1024;
const REASON_CHARS_MAX: usize = 200;
/// Names that each server is asked to look up.
const HOSTS_MAX: usize = 200;
/// Servers that are looked into at once.
const SERVERS_AT_ONCE: usize = 4;

/// How servers are reached.
#[derive(Clone, Debug)]
pub struct Ssh {
    /// The account on the servers.
    pub user: String,
    /// A configuration of `ssh` to go by, for jump hosts, ports and keys; its own without one.
    pub config: Option<PathBuf>,
    /// Time for one server.
    pub time_limit: Duration,
}

impl Ssh {
    /// Access as `user`. `None`: no account is called so, and the text could be taken for an option.
    pub fn new(user: &str, config: Option<PathBuf>) -> Option<Ssh> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-$".contains(&byte);
        let is_user = !user.is_empty() && !user.starts_with('-') && user.bytes().all(is_part);
        is_user.then(|| Ssh {
            user: user.to_owned(),
            config,
            time_limit: Duration::from_secs(60),
        })
    }

    /// Looks into every server of the estate that has an address, and adds what it finds, with edges to what they talk to.
    pub async fn look_into(&self, estate: &mut Estate, progress: OnProgress<'_>) {
        let hosts = store_hosts(estate);
        let names: Vec<&str> = hosts.keys().map(String::as_str).take(HOSTS_MAX).collect();
        let servers: Vec<(String, String, Option<IpAddr>)> = estate
            .servers()
            .map(|(resource, server)| (resource.id.clone(), resource.name.clone(), address(server)))
            .collect();
        let (total, names) = (servers.len(), names.as_slice());
        let looks = servers.into_iter().map(|(id, name, address)| async move {
            let seen = match address {
                Some(address) => self.look(address, names).await,
                None => Err("it has no address".to_owned()),
            };
            (id, name, seen)
        });
        let mut looks = stream::iter(looks).buffer_unordered(SERVERS_AT_ONCE);
        let (mut seen, mut done) = (BTreeMap::new(), 0);
        while let Some((id, name, result)) = looks.next().await {
            done += 1;
            match result {
                Ok(looked) => {
                    seen.insert(id, looked);
                }
                Err(reason) => estate.not_visible.push(NotVisible {
                    what: format!("inside of server {name}"),
                    reason,
                }),
            }
            let what = "servers from inside";
            progress(Progress::Advanced { what, done, total });
        }
        drop(looks);
        estate.not_visible.sort();
        add(estate, seen, &hosts);
    }

    /// Runs the probes on one server.
    async fn look(&self, address: IpAddr, hosts: &[&str]) -> Result<Looked, String> {
        let mark = mark().ok_or("the system has no random numbers")?;
        let script = probes::script(&mark, hosts);
        let run = self.run(address, script);
        let output = tokio::time::timeout(self.time_limit, run)
            .await
            .map_err(|_| format!("no answer within {} s", self.time_limit.as_secs()))??;
        let output = String::from_utf8_lossy(&output);
        let answers =
            answers(&output, &mark).ok_or("the connection broke before everything was read")?;
        Ok(looked(&answers))
    }

    fn command(&self, address: IpAddr) -> Command {
        let mut command = Command::new("ssh");
        if let Some(config) = &self.config {
            command.arg("-F").arg(config);
        }
        for option in [
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "UpdateHostKeys=no",
            "ClearAllForwardings=yes",
            "ForwardAgent=no",
            "ForwardX11=no",
            "PermitLocalCommand=no",
            "ControlMaster=no",
            "ControlPath=none",
            "RequestTTY=no",
            "ConnectTimeout=15",
            "LogLevel=ERROR",
        ] {
            command.arg("-o").arg(option);
        }
        command.args(["-l", &self.user, "--", &address.to_string(), "sh -s"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }

    async fn run(&self, address: IpAddr, script: String) -> Result<Vec<u8>, String> {
        let mut child: Child = self
            .command(address)
            .spawn()
            .map_err(|error| format!("ssh cannot be started: {error}"))?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin {
                // A server that refuses closes it first, and says why elsewhere.
                stdin.write_all(script.as_bytes()).await.ok();
            }
        };
        let (mut output, mut complaint) = (Vec::new(), Vec::new());
        let read = async {
            match stdout {
                Some(stdout) => stdout
                    .take(OUTPUT_BYTES_MAX)
                    .read_to_end(&mut output)
                    .await
                    .map(drop),
                None => Ok(()),
            }
        };
        let read_complaint = async {
            match stderr {
                Some(stderr) => stderr
                    .take(64 * 1024)
                    .read_to_end(&mut complaint)
                    .await
                    .map(drop),
                None => Ok(()),
            }
        };
        let ((), read, _) = tokio::join!(write, read, read_complaint);
        read.map_err(|error| error.to_string())?;
        let status = child.wait().await.map_err(|error| error.to_string())?;
        match status.code() {
            Some(0) => Ok(output),
            _ => Err(reason(&complaint)),
        }
    }
}

/// The last line that `ssh` complained with.
fn reason(complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    let line = system::plain(line.unwrap_or("ssh ended without a word"));
    line.chars().take(REASON_CHARS_MAX).collect()
}

fn mark() -> Option<String> {
    let bytes: [u8; 16] = rand::generate(&rand::SystemRandom::new()).ok()?.expose();
    let hex = bytes.iter().map(|byte| format!("{byte:02x}"));
    Some(format!("reberth-{}", hex.collect::<String>()))
}

fn address(server: &Server) -> Option<IpAddr> {
    let addresses = server
        .public_ipv4
        .iter()
        .chain(&server.private_ipv4)
        .chain(&server.public_ipv6);
    addresses.filter_map(|address| address.parse().ok()).next()
}

/// Host names of databases and caches, with their identifiers. They are written into a script, so nothing but a plain host name passes.
fn store_hosts(estate: &Estate) -> BTreeMap<String, String> {
    let stores = estate.data_stores().flat_map(|(resource, store)| {
        let hosts = store.host.iter().chain(&store.private_host);
        hosts.map(move |host| (host.clone(), resource.id.clone()))
    });
    // A name that begins with a hyphen would be taken for an option.
    let is_plain = |host: &str| is_host_name(host) && !host.starts_with('-');
    stores.filter(|(host, _)| is_plain(host)).collect()
}

/// What was found on one server.
struct Looked {
    inside: Inside,
    /// Addresses that the server finds for the names of stores.
    resolved: BTreeMap<String, BTreeSet<String>>,
}

fn looked(answers: &BTreeMap<&str, Probed<'_>>) -> Looked {
    let none = Probed::default();
    let of = |name: &str| answers.get(name).unwrap_or(&none);
    let listeners = sockets::listeners(of("listeners").text);
    let mut schedules = system::system_crontabs(&of("system crontabs").files);
    schedules.extend(system::crontabs(
        &of("crontabs").files,
        of("own crontab").text,
    ));
    schedules.extend(system::timers(of("timers").text));
    schedules.sort();
    let mut sites = sites::nginx(&of("nginx").files);
    sites.extend(sites::apache(&of("apache").files));
    sites.sort();
    let resolved = of("hosts").files.iter().map(|(host, text)| {
        let addresses = text
            .lines()
            .filter_map(|line| line.split_whitespace().next());
        ((*host).to_owned(), addresses.map(str::to_owned).collect())
    });
    Looked {
        inside: Inside {
            operating_system: system::operating_system(of("os").text),
            kernel: Some(system::plain(of("kernel").text.trim()))
                .filter(|kernel| !kernel.is_empty()),
            packages: system::packages(of("packages").text),
            units: system::units(of("units").text),
            schedules,
            connections: sockets::connections(of("connections").text, &listeners),
            listeners,
            mounts: system::mounts(of("mounts").text),
            sites,
            runtimes: system::runtimes(of("runtimes").text),
            unknown: unknown(answers),
        },
        resolved: resolved.collect(),
    }
}

/// Probes whose program is missing or may not be run. The loops over files and languages end with whatever their last step said.
fn unknown(answers: &BTreeMap<&str, Probed<'_>>) -> Vec<String> {
    let told = [
        "os",
        "kernel",
        "packages",
        "units",
        "timers",
        "listeners",
        "connections",
        "mounts",
    ];
    let silent = told.into_iter().filter(|name| {
        let answer = answers.get(name);
        answer.is_none_or(|probed| !probed.is_well && probed.text.trim().is_empty())
    });
    let mut unknown: Vec<String> = silent
        .map(|name| format!("{name}: the command is missing or refused"))
        .collect();
    unknown.push(
        "crontabs and programs of other accounts, as far as this account may not see them"
            .to_owned(),
    );
    unknown
}

/// Puts what was found into the estate, and joins servers with what they talk to.
fn add(estate: &mut Estate, seen: BTreeMap<String, Looked>, hosts: &BTreeMap<String, String>) {
    let holders = holders(estate);
    let mut edges: BTreeSet<Edge> = estate.edges.drain(..).collect();
    for (id, looked) in &seen {
        let stores = looked.resolved.iter().flat_map(|(host, addresses)| {
            let store = hosts.get(host);
            addresses
                .iter()
                .filter_map(move |address| Some((address.as_str(), store?.as_str())))
        });
        let stores: BTreeMap<&str, &str> = stores.collect();
        for peer in &looked.inside.connections {
            let address = peer.address.as_str();
            let other = stores
                .get(address)
                .copied()
                .or(holders.get(address).map(String::as_str));
            let Some(other) = other.filter(|other| other != id) else {
                continue;
            };
            let (from, to) = if peer.is_incoming {
                (other, id.as_str())
            } else {
                (id.as_str(), other)
            };
            edges.insert(Edge {
                from: from.to_owned(),
                relation: "connects_to".to_owned(),
                to: to.to_owned(),
            });
        }
    }
    estate.edges = edges.into_iter().collect();
    let mut seen = seen;
    for resource in &mut estate.resources {
        if let Attributes::Server(server) = &mut resource.attributes {
            server.inside = seen.remove(&resource.id).map(|looked| looked.inside);
        }
    }
}

/// Who has each address. A private address that two servers have tells neither.
fn holders(estate: &Estate) -> BTreeMap<String, String> {
    let mut holders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for resource in &estate.resources {
        let addresses: Vec<&String> = match &resource.attributes {
            Attributes::Server(server) => server
                .public_ipv4
                .iter()
                .chain(&server.private_ipv4)
                .chain(&server.public_ipv6)
                .collect(),
            Attributes::LoadBalancer(balancer) => balancer.address.iter().collect(),
            _ => Vec::new(),
        };
        for address in addresses {
            holders
                .entry(address.clone())
                .or_default()
                .insert(resource.id.clone());
        }
    }
    let alone = holders.into_iter().filter(|(_, ids)| ids.len() == 1);
    alone
        .filter_map(|(address, ids)| Some((address, ids.into_iter().next()?)))
        .collect()
}
