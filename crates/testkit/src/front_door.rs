//! A small front door: the address that applications know, in front of the server that has their data now. It plays the part
//! of DNS and load balancer in the demo and in tests.
//!
//! It is steered over a second port with one line a command: `status`, `hold`, `open NAME`. While it is held, new
//! connections wait at the door; opening it towards another server closes the connections to the one before.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::relay::{Traffic, relay};

/// How long a connection waits at a held door.
const WAIT_LIMIT: Duration = Duration::from_secs(30);

/// Which way the door leads.
#[derive(Clone, Debug)]
struct Way {
    name: String,
    server: SocketAddr,
    is_held: bool,
    /// Cuts the relays of this way when it ends.
    traffic: watch::Sender<Traffic>,
}

/// A running front door; gone when dropped.
#[derive(Debug)]
pub struct FrontDoor {
    door: SocketAddr,
    control: SocketAddr,
    _tasks: JoinSet<()>,
}

impl FrontDoor {
    /// Opens a door that leads to the server named `first` among `servers` (name and loopback port).
    pub async fn start(servers: &[(&str, u16)], first: &str) -> io::Result<FrontDoor> {
        let servers: BTreeMap<String, SocketAddr> = servers
            .iter()
            .map(|(name, port)| {
                (
                    (*name).to_owned(),
                    SocketAddr::from(([127, 0, 0, 1], *port)),
                )
            })
            .collect();
        let server = *servers
            .get(first)
            .ok_or_else(|| io::Error::other(format!("no server is named {first}")))?;
        let (way, _) = watch::channel(Way {
            name: first.to_owned(),
            server,
            is_held: false,
            traffic: watch::channel(Traffic::Pass).0,
        });
        let door = TcpListener::bind(("127.0.0.1", 0)).await?;
        let control = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (door_address, control_address) = (door.local_addr()?, control.local_addr()?);
        let mut tasks = JoinSet::new();
        tasks.spawn(receive(door, way.subscribe()));
        tasks.spawn(obey(control, servers, way));
        Ok(FrontDoor {
            door: door_address,
            control: control_address,
            _tasks: tasks,
        })
    }

    /// Port that applications use.
    pub fn port(&self) -> u16 {
        self.door.port()
    }

    /// Address that steers the door, as `reberth.yaml` names it.
    pub fn control(&self) -> String {
        self.control.to_string()
    }
}

async fn receive(door: TcpListener, way: watch::Receiver<Way>) {
    let mut relays = JoinSet::new();
    while let Ok((client, _)) = door.accept().await {
        relays.spawn(enter(client, way.clone()));
        while relays.try_join_next().is_some() {}
    }
}

async fn enter(client: TcpStream, mut way: watch::Receiver<Way>) {
    let opened = tokio::time::timeout(WAIT_LIMIT, way.wait_for(|way| !way.is_held)).await;
    let Ok(Ok(open)) = opened.map(|opened| opened.map(|way| (way.server, way.traffic.subscribe())))
    else {
        return;
    };
    relay(client, open.0, open.1).await;
}

async fn obey(
    control: TcpListener,
    servers: BTreeMap<String, SocketAddr>,
    way: watch::Sender<Way>,
) {
    while let Ok((stream, _)) = control.accept().await {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let Ok(Some(line)) = lines.next_line().await else {
            continue;
        };
        let answer = command(line.trim(), &servers, &way);
        // Who does not wait for the answer does not get it.
        let _ = write.write_all(format!("{answer}\n").as_bytes()).await;
    }
}

fn command(line: &str, servers: &BTreeMap<String, SocketAddr>, way: &watch::Sender<Way>) -> String {
    let now = way.borrow().clone();
    match line.split_once(' ').unwrap_or((line, "")) {
        ("status", "") => format!("{} {}", if now.is_held { "held" } else { "open" }, now.name),
        ("hold", "") => {
            way.send_modify(|way| way.is_held = true);
            format!("held {}", now.name)
        }
        ("open", name) => match servers.get(name) {
            None => format!("error no server is named {name}"),
            Some(server) if *name == now.name => {
                way.send_modify(|way| way.is_held = false);
                format!("open {name} {server}")
            }
            Some(server) => {
                // Connections to the server before must not outlive the switch.
                now.traffic.send_replace(Traffic::Cut);
                way.send_replace(Way {
                    name: name.to_owned(),
                    server: *server,
                    is_held: false,
                    traffic: watch::channel(Traffic::Pass).0,
                });
                format!("open {name} {server}")
            }
        },
        _ => "error the commands are: status, hold, open NAME".to_owned(),
    }
}
