//! Sockets as `ss` tells them.

use std::collections::BTreeSet;
use std::net::IpAddr;

use reberth_model::estate::{Connection, ListeningPort};

/// Lines of `ss -H -lntup`.
pub(super) fn listeners(text: &str) -> Vec<ListeningPort> {
    let found: BTreeSet<ListeningPort> = text.lines().filter_map(listener).collect();
    found.into_iter().collect()
}

fn listener(line: &str) -> Option<ListeningPort> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [protocol, _, _, _, local, ..] = words[..] else {
        return None;
    };
    let (address, port) = place(local)?;
    Some(ListeningPort {
        protocol: protocol.to_owned(),
        address: address.to_owned(),
        port,
        program: program(line),
    })
}

/// Lines of `ss -H -ntp state established`, without the machine's talk to itself. A peer that came to a port in `listening` is incoming.
pub(super) fn connections(text: &str, listening: &[ListeningPort]) -> Vec<Connection> {
    let found: BTreeSet<Connection> = text
        .lines()
        .filter_map(|line| connection(line, listening))
        .collect();
    found.into_iter().collect()
}

fn connection(line: &str, listening: &[ListeningPort]) -> Option<Connection> {
    let words: Vec<&str> = line.split_whitespace().collect();
    // The state is left out where it was asked for.
    let [_, _, local, peer, ..] = words[..] else {
        return None;
    };
    let ((_, local_port), (address, port)) = (place(local)?, place(peer)?);
    let peer: IpAddr = address.parse().ok()?;
    let peer = match peer {
        IpAddr::V6(mapped) => mapped.to_ipv4_mapped().map_or(peer, IpAddr::V4),
        IpAddr::V4(_) => peer,
    };
    let is_incoming = listening
        .iter()
        .any(|listener| listener.protocol == "tcp" && listener.port == local_port);
    (!peer.is_loopback()).then(|| Connection {
        address: peer.to_string(),
        // A peer that came in has a port of the moment, which says nothing.
        port: if is_incoming { local_port } else { port },
        program: program(line),
        is_incoming,
    })
}

/// Address and port of `10.0.0.1:22`, `[::1%lo]:22`, `*:80`.
fn place(text: &str) -> Option<(&str, u16)> {
    let (address, port) = text.rsplit_once(':')?;
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    let bare = bare.split('%').next()?;
    Some((bare, port.parse().ok()?))
}

/// The name in `users:(("nginx",pid=1,fd=2))`.
fn program(line: &str) -> Option<String> {
    let (_, after) = line.split_once("users:((\"")?;
    let (name, _) = after.split_once('"')?;
    Some(
        name.chars()
            .filter(|character| !character.is_control())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_told_and_the_machines_talk_to_itself_is_not() {
        let listening = listeners(
            "tcp   LISTEN 0      511          0.0.0.0:443       0.0.0.0:*    users:((\"nginx\",pid=7,fd=6),(\"nginx\",pid=8,fd=6))\n\
             udp   UNCONN 0      0      127.0.0.53%lo:53        0.0.0.0:*\n\
             tcp   LISTEN 0      128             [::]:22           [::]:*\nnonsense\n",
        );
        assert_eq!(listening.len(), 3);
        assert_eq!(
            (listening[0].port, listening[0].program.as_deref()),
            (443, Some("nginx"))
        );
        assert_eq!(
            (listening[2].address.as_str(), listening[2].port),
            ("127.0.0.53", 53)
        );
        let told = connections(
            "0      0            10.0.0.5:443       203.0.113.9:51034 users:((\"nginx\",pid=8,fd=3))\n\
             0      0            10.0.0.5:40112       10.0.0.9:25060 users:((\"puma\",pid=9,fd=11))\n\
             0      0            10.0.0.5:40113       10.0.0.9:25060 users:((\"puma\",pid=9,fd=12))\n\
             0      0      [::ffff:10.0.0.5]:22   [::ffff:198.51.100.7]:50000\n\
             0      0           127.0.0.1:6379       127.0.0.1:40000\n",
            &listening,
        );
        let short: Vec<_> = told
            .iter()
            .map(|peer| (peer.address.as_str(), peer.port, peer.is_incoming))
            .collect();
        assert_eq!(
            short,
            [
                ("10.0.0.9", 25060, false),
                ("198.51.100.7", 22, true),
                ("203.0.113.9", 443, true)
            ]
        );
    }
}
