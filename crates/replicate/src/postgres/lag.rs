//! How far the target is behind, measured over a connection of its own.

use tokio::sync::watch;

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::lag::{ANSWER_LIMIT, Ends, LAG_INTERVAL, RECONNECT_WAIT};
use crate::postgres::server;
use crate::postgres::session::Session;
use crate::progress::Progress;

/// Measures for as long as it is let. While it cannot, the lag is unknown, which is not the same as none.
pub(crate) async fn measure_always(source: Address, publish: watch::Sender<Progress>) {
    loop {
        // What goes wrong here, goes wrong in the stream itself too, which reports it.
        let _ = measure(&source, &publish).await;
        publish.send_modify(|progress| (progress.lag_bytes, progress.lag_ms) = (None, None));
        tokio::time::sleep(RECONNECT_WAIT).await;
    }
}

async fn measure(
    source: &Address,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let mut session = Session::open(source).await?;
    let mut ends = Ends::default();
    loop {
        let asked = tokio::time::timeout(ANSWER_LIMIT, server::log_end(&mut session)).await;
        let end =
            asked.map_err(|_| source.silent("asking for the end of the log", ANSWER_LIMIT))??;
        publish.send_modify(|progress| ends.look(progress, end, &[]));
        tokio::time::sleep(LAG_INTERVAL).await;
    }
}
