//! Metrics of the running streams, in the text format of Prometheus, over HTTP.
//!
//! Whoever scrapes gets what the streams last said of themselves; nothing is asked of a database for it. Names follow the conventions: base
//! units (seconds, bytes), `_total` for what only grows, one HELP and one TYPE a family, labels for what a value is of.

mod exposition;
mod http;

use std::net::SocketAddr;

use reberth_replicate::progress::Progress;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::exposition::Stream;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::plan::Plan;

/// A served page; it ends when this is dropped.
pub(super) struct Metrics {
    page: watch::Sender<String>,
    _server: JoinSet<()>,
}

impl Metrics {
    /// Listens on `ADDRESS:PORT`, or on loopback when only a port is given.
    pub(super) async fn serve(address: &str, output: &Output) -> Result<Metrics, Failure> {
        let place = if address.parse::<u16>().is_ok() {
            format!("127.0.0.1:{address}")
        } else {
            address.to_owned()
        };
        let failed = |source| CliError::Metrics {
            address: place.clone(),
            source,
        };
        let listener = TcpListener::bind(&place).await.map_err(failed)?;
        let bound: SocketAddr = listener.local_addr().map_err(failed)?;
        output.note(format!("metrics at http://{bound}/metrics"));
        if !bound.ip().is_loopback() {
            output.note(
                "anybody who reaches this address can read the names of databases and tables there",
            );
        }
        let (page, pages) = watch::channel(String::new());
        let mut server = JoinSet::new();
        server.spawn(http::serve(listener, pages));
        Ok(Metrics {
            page,
            _server: server,
        })
    }

    /// Puts up what the streams say now.
    pub(super) fn set(&self, streams: &[(&Plan, Progress)]) {
        let streams: Vec<_> = streams
            .iter()
            .map(|(plan, progress)| Stream {
                database: plan.database(),
                direction: plan.direction().word(),
                engine: plan.engine(),
                progress,
            })
            .collect();
        self.page.send_replace(exposition::page(&streams));
    }
}
