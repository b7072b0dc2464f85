//! What a PostgreSQL server tells of the load on it.
//!
//! Sessions of our own account are seen; those of others only by members of `pg_read_all_stats`. On Heroku there is one account, the application's,
//! which is ours too.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::kept;
use crate::postgres::session::Session;
use crate::progress::Progress;
use crate::throttle::Witness;

/// How often it is asked how far replicas are behind.
const BEHIND_LOOK: Duration = Duration::from_secs(1);

/// A connection that asks.
pub(crate) struct ServerLoad {
    session: Session,
    progress: watch::Receiver<Progress>,
    asked: Option<Instant>,
    behind_s: f64,
}

impl ServerLoad {
    pub(crate) async fn of(
        source: Address,
        progress: watch::Receiver<Progress>,
    ) -> Result<ServerLoad, ReplicateError> {
        Ok(ServerLoad {
            session: Session::open(&source).await?,
            progress,
            asked: None,
            behind_s: 0.0,
        })
    }
}

impl Witness for ServerLoad {
    async fn others(&mut self, _own: usize) -> Result<f64, ReplicateError> {
        // Our own sessions are known by their name.
        let sql = "SELECT count(*)::float8 FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend' AND application_name <> 'reberth'";
        let doing = "asking how busy the source is";
        let running: Option<(f64,)> = self.session.row(doing, sql).await?;
        Ok(running.unwrap_or_default().0)
    }

    async fn behind_s(&mut self) -> Result<f64, ReplicateError> {
        if self
            .asked
            .is_some_and(|asked| asked.elapsed() < BEHIND_LOOK)
        {
            return Ok(self.behind_s);
        }
        self.asked = Some(Instant::now());
        // Replicas of the source, without streams of decoded changes; or the source itself, where it is a replica.
        let sql = "SELECT greatest(coalesce((SELECT max(extract(epoch FROM r.replay_lag)) FROM pg_stat_replication r \
                     WHERE NOT EXISTS (SELECT FROM pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')), 0), \
                   CASE WHEN pg_is_in_recovery() THEN coalesce(extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()), 0) ELSE 0 END)::float8";
        let doing = "asking how far replicas of the source are behind";
        let behind: Option<(f64,)> = self.session.row(doing, sql).await?;
        self.behind_s = behind.unwrap_or_default().0;
        Ok(self.behind_s)
    }

    /// A slow copy makes a slot keep more of the log: near the limit the rows must come as fast as they can, or all of them come again.
    fn is_urgent(&self) -> bool {
        kept::is_pressing(&self.progress.borrow())
    }
}
