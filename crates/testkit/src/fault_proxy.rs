//! A proxy in front of a server, for faults on the wire: cut, stalled and slow connections.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use crate::relay::Traffic;
use crate::relay::relay;

/// A running proxy; gone when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    traffic: watch::Sender<Traffic>,
    _tasks: JoinSet<()>,
}

impl FaultProxy {
    /// Listens on a free loopback port and carries everything to the server on that port.
    pub async fn start(server_port: u16) -> io::Result<FaultProxy> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (traffic, receiver) = watch::channel(Traffic::Pass);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut relays = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                if *receiver.borrow() != Traffic::Cut {
                    relays.spawn(relay(
                        client,
                        SocketAddr::from(([127, 0, 0, 1], server_port)),
                        receiver.clone(),
                    ));
                }
                while relays.try_join_next().is_some() {}
            }
        });
        Ok(FaultProxy {
            address,
            traffic,
            _tasks: tasks,
        })
    }

    /// Port that clients use.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Changes what happens to the traffic, also of connections that are open.
    pub fn set(&self, traffic: Traffic) {
        self.traffic.send_replace(traffic);
    }
}
