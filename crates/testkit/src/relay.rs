//! Carries bytes between a client and a server until told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// What a relay does with the bytes it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Carries them.
    Pass,
    /// Carries them, each piece after a wait.
    Slow(Duration),
    /// Swallows them while both connections stay open: what a lost route looks like.
    Stall,
    /// Closes both connections.
    Cut,
}

/// Relays one connection until either end closes or the traffic is cut.
pub(crate) async fn relay(
    client: TcpStream,
    server: SocketAddr,
    traffic: watch::Receiver<Traffic>,
) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    // Small packets go at once; without it the delay would be ours, not the network's.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    tokio::select! {
        () = carry(client_read, server_write, traffic.clone()) => {}
        () = carry(server_read, client_write, traffic) => {}
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut traffic: watch::Receiver<Traffic>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            changed = traffic.changed() => {
                if changed.is_err() || *traffic.borrow() == Traffic::Cut {
                    return;
                }
                continue;
            }
        };
        let Ok(length @ 1..) = read else { return };
        let now = *traffic.borrow();
        match now {
            Traffic::Pass => {}
            Traffic::Slow(wait) => tokio::time::sleep(wait).await,
            Traffic::Stall => continue,
            Traffic::Cut => return,
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
