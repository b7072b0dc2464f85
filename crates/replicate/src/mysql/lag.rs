//! How far the target is behind, measured over a connection of its own.

use tokio::sync::watch;

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::lag::{ANSWER_LIMIT, Ends, LAG_INTERVAL, RECONNECT_WAIT};
use crate::mysql::server::{self, Flavour};
use crate::progress::Progress;

/// Measures for as long as it is let. While it cannot, the lag is unknown, which is not the same as none.
pub(crate) async fn measure_always(
    source: Address,
    flavour: Flavour,
    publish: watch::Sender<Progress>,
) {
    loop {
        // What goes wrong here, goes wrong in the stream itself too, which reports it.
        let _ = measure(&source, flavour, &publish).await;
        publish.send_modify(|progress| (progress.lag_bytes, progress.lag_ms) = (None, None));
        tokio::time::sleep(RECONNECT_WAIT).await;
    }
}

/// Asks for the end of the source's log again and again, and tells how far behind the checkpoint is, in bytes and milliseconds.
async fn measure(
    source: &Address,
    flavour: Flavour,
    publish: &watch::Sender<Progress>,
) -> Result<(), ReplicateError> {
    let mut session = server::reader(source).await?;
    let mut ends = Ends::default();
    loop {
        // A source that does not answer leaves the lag unknown, not as it was.
        let asked =
            tokio::time::timeout(ANSWER_LIMIT, server::log_end(&mut session, flavour)).await;
        let end = asked.map_err(|_| ReplicateError::Silent {
            side: source.side(),
            host: source.host(),
            doing: "asking for the end of the log".to_owned(),
            limit_s: ANSWER_LIMIT.as_secs(),
        })??;
        let applied = publish.borrow().applied.clone();
        let is_far = applied.is_some_and(|applied| applied.file() != end.file());
        // Within one file the distance needs no list of files, which costs the source a look at each.
        let files = if is_far {
            server::log_files(&mut session).await?
        } else {
            Vec::new()
        };
        publish.send_modify(|progress| ends.look(progress, end, &files));
        tokio::time::sleep(LAG_INTERVAL).await;
    }
}
