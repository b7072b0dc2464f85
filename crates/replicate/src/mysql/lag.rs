//! How far the target is behind, measured over a connection of its own.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::mysql::server::{self, Flavour};
use crate::position::LogPosition;
use crate::progress::Progress;

/// How often the end of the source's log is asked for.
const LAG_INTERVAL: Duration = Duration::from_millis(100);
/// An answer that takes longer says nothing about now.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// Wait before a broken connection is made again.
const RECONNECT_WAIT: Duration = Duration::from_secs(1);

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
    let mut ends: VecDeque<(Instant, LogPosition)> = VecDeque::new();
    // Until the checkpoint has passed an end that was seen from here, nobody knows how long ago it was the end itself.
    let mut is_known = false;
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
        ends.push_back((Instant::now(), end.clone()));
        publish.send_modify(|progress| {
            let Some(applied) = progress.applied.clone() else {
                return;
            };
            while ends.front().is_some_and(|(_, end)| *end <= applied) {
                ends.pop_front();
                is_known = true;
            }
            progress.lag_ms = is_known.then(|| {
                ends.front()
                    .map_or(0, |(since, _)| since.elapsed().as_millis() as u64)
            });
            progress.lag_bytes = applied.bytes_until(&end, &files);
            progress.log_end = Some(end.clone());
        });
        // Ends older than this are thinned out: a stream that is far behind needs no finer answer.
        if ends.len() > 6_000 {
            let mut keep = false;
            ends.retain(|_| {
                keep = !keep;
                keep
            });
        }
        tokio::time::sleep(LAG_INTERVAL).await;
    }
}
