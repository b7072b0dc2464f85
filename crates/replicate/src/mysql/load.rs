//! What a server of the MySQL family tells of the load on it.

mod behind;

use self::behind::Behind;
use crate::connection::{Address, Session};
use crate::error::ReplicateError;
use crate::mysql::server;
use crate::throttle::Witness;

/// A connection that asks.
pub(crate) struct ServerLoad {
    session: Session,
    behind: Behind,
}

impl ServerLoad {
    pub(crate) async fn of(source: Address) -> Result<ServerLoad, ReplicateError> {
        let mut session = server::reader(&source).await?;
        let behind = Behind::of(&mut session).await?;
        Ok(ServerLoad { session, behind })
    }
}

impl Witness for ServerLoad {
    async fn others(&mut self, own: usize) -> Result<f64, ReplicateError> {
        let doing = "asking how busy the source is";
        let sql = "SHOW GLOBAL STATUS LIKE 'Threads_running'";
        let running: Option<(String, String)> = self.session.row(doing, sql).await?;
        let running: usize = running
            .and_then(|(_, count)| count.parse().ok())
            .unwrap_or(1);
        // The question is running too.
        Ok(running.saturating_sub(own + 1) as f64)
    }

    async fn behind_s(&mut self) -> Result<f64, ReplicateError> {
        self.behind.seconds(&mut self.session).await
    }
}
