//! Servers from inside, over a real OpenSSH server.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use reberth_discover::inside::{PROBES, Ssh};
use reberth_model::estate::{Attributes, Estate, Resource, Server};
use reberth_testkit::ssh_server::{SshServer, USER};

use crate::harness::bytes;

fn estate(servers: &[(&str, &str)]) -> Estate {
    let resources = servers.iter().map(|(name, address)| Resource {
        id: (*name).to_owned(),
        name: (*name).to_owned(),
        region: None,
        cost: None,
        attributes: Attributes::Server(Server {
            public_ipv4: vec![(*address).to_owned()],
            ..Server::default()
        }),
    });
    Estate {
        schema: 1,
        provider: "digitalocean".to_owned(),
        account: None,
        counts: BTreeMap::new(),
        resources: resources.collect(),
        edges: Vec::new(),
        not_visible: Vec::new(),
        unmapped: Vec::new(),
    }
}

fn look(estate: &mut Estate, config: PathBuf) {
    let ssh = Ssh::new(USER, Some(config)).expect("a good account");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(ssh.look_into(estate, &|_| {}));
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    entries
        .map(|entry| entry.expect("it can be read").path())
        .collect()
}

#[test]
fn what_runs_on_a_server_is_seen_and_nothing_is_written() {
    let server = SshServer::start().unwrap();
    // Something that listens, which must be seen.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = server.client_config(&["203.0.113.10"], "visitor").unwrap();
    let mut estate = estate(&[("web-1", "203.0.113.10"), ("no-such", "203.0.113.99")]);
    let before = files(server.home());
    // An address that leads nowhere must fail and not hang: nothing listens at the loopback port 1.
    let text = fs::read_to_string(&config).unwrap();
    fs::write(
        &config,
        format!("{text}Host 203.0.113.99\n  HostName 127.0.0.1\n  Port 1\n"),
    )
    .unwrap();
    look(&mut estate, config);
    let (_, seen) = estate.servers().next().unwrap();
    let inside = seen
        .inside
        .as_ref()
        .unwrap_or_else(|| panic!("{:?}", estate.not_visible));
    let release = fs::read_to_string("/etc/os-release").unwrap();
    assert!(release.contains(inside.operating_system.as_deref().unwrap()));
    assert!(inside.kernel.as_deref().unwrap().starts_with("Linux "));
    assert!(
        inside
            .packages
            .iter()
            .any(|package| package.name.starts_with("libc6") && !package.version.is_empty())
    );
    let told = inside.listeners.iter().find(|told| told.port == port);
    assert_eq!(
        told.map(|told| told.address.as_str()),
        Some("127.0.0.1"),
        "{:?}",
        inside.listeners
    );
    assert!(
        inside
            .mounts
            .iter()
            .any(|mount| mount.path == "/" && mount.size_bytes > 0)
    );
    assert!(
        inside
            .connections
            .iter()
            .all(|peer| peer.address != "127.0.0.1")
    );
    assert!(
        !inside.unknown.is_empty(),
        "other accounts' crontabs are never seen by a visitor"
    );
    assert_eq!(files(server.home()), before);
    // The other one is named with the reason.
    let hidden: Vec<&str> = estate
        .not_visible
        .iter()
        .map(|part| part.what.as_str())
        .collect();
    assert_eq!(hidden, ["inside of server no-such"]);
    assert!(
        estate.not_visible[0].reason.contains("refused"),
        "{:?}",
        estate.not_visible
    );
    assert!(bytes(&estate).contains("\"listeners\""));
}

#[test]
fn a_stranger_and_an_unknown_host_are_refused_with_a_reason() {
    let server = SshServer::start().unwrap();
    let mut refused = estate(&[("web-1", "203.0.113.10")]);
    look(
        &mut refused,
        server.client_config(&["203.0.113.10"], "stranger").unwrap(),
    );
    assert!(
        refused.not_visible[0].reason.contains("Permission denied"),
        "{:?}",
        refused.not_visible
    );

    // The server is another than the one that is known.
    let other = SshServer::start().unwrap();
    let config = other.client_config(&["203.0.113.10"], "visitor").unwrap();
    let known = server.client_config(&["203.0.113.10"], "visitor").unwrap();
    let known = known.with_file_name("known_hosts");
    fs::copy(known, config.with_file_name("known_hosts")).unwrap();
    let mut unknown = estate(&[("web-1", "203.0.113.10")]);
    look(&mut unknown, config);
    let reason = &unknown.not_visible[0].reason;
    assert!(reason.contains("Host key verification failed"), "{reason}");
    assert!(unknown.servers().all(|(_, server)| server.inside.is_none()));
}

#[test]
fn an_account_cannot_be_an_option() {
    for user in ["-oProxyCommand=x", "", "a b", "root;id", "root@host"] {
        assert!(Ssh::new(user, None).is_none(), "{user:?}");
    }
}

#[test]
fn the_list_of_commands_stands_in_the_reference() {
    let page = include_str!("../../../docs/reference/discovery.md");
    let lines: BTreeSet<&str> = page.lines().map(str::trim).collect();
    for probe in PROBES {
        assert!(
            lines.contains(probe.command),
            "{} is not as the page says",
            probe.name
        );
    }
}
