//! The epoch: who owns the stream, and how a successor takes it over.

use super::{Direction, StreamState, stream_name};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::server;
use crate::mysql::value::quote_text;

impl StreamState {
    /// Takes the stream over: ends the predecessor's sessions and raises the epoch.
    ///
    /// `held` is the epoch that this process held before it lost its sessions: if another process has raised it meanwhile, that one is the
    /// successor, and this one ends instead of taking the stream back.
    pub async fn take_over(
        session: &mut Session,
        direction: Direction,
        database: &str,
        held: Option<u64>,
    ) -> Result<StreamState, ReplicateError> {
        let name = stream_name(direction, database);
        let quoted = quote_text(&name);
        let stored: Option<u64> = session
            .row(
                "reading the epoch",
                format!("SELECT epoch FROM reberth.stream WHERE name = {quoted}"),
            )
            .await?;
        let stored = stored.ok_or_else(|| ReplicateError::NotStarted {
            database: database.to_owned(),
        })?;
        if let Some(epoch) = held.filter(|held| *held != stored) {
            return Err(ReplicateError::Superseded { epoch });
        }
        end_sessions(session, &quoted).await?;
        let raise = format!(
            "UPDATE reberth.stream SET epoch = epoch + 1 WHERE name = {quoted} AND epoch = {stored}"
        );
        if session.run("raising the epoch", raise).await? != 1 {
            return Err(ReplicateError::Superseded { epoch: stored });
        }
        session
            .run(
                "forgetting a predecessor's sessions",
                format!("DELETE FROM reberth.session WHERE stream = {quoted}"),
            )
            .await?;
        Ok(StreamState {
            name,
            epoch: stored + 1,
            address: session.address().clone(),
        })
    }

    /// Opens a session for writing rows, registered so that a successor can end it.
    pub async fn open_writer(&self) -> Result<Session, ReplicateError> {
        self.register(server::writer(&self.address).await?).await
    }

    /// Opens a session for applying the log, registered likewise.
    pub(crate) async fn open_applier(&self) -> Result<Session, ReplicateError> {
        self.register(server::applier(&self.address).await?).await
    }

    async fn register(&self, mut session: Session) -> Result<Session, ReplicateError> {
        let sql = format!(
            "REPLACE INTO reberth.session (stream, connection_id, epoch) VALUES ({}, {}, {})",
            quote_text(&self.name),
            session.id(),
            self.epoch
        );
        session.run("registering a session", sql).await?;
        Ok(session)
    }

    /// The epoch that this process holds.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }
}

/// Ends the sessions that a predecessor left, so that the row locks they hold go with them.
async fn end_sessions(session: &mut Session, stream: &str) -> Result<(), ReplicateError> {
    let old: Vec<u64> = session
        .rows(
            "listing a predecessor's sessions",
            format!("SELECT connection_id FROM reberth.session WHERE stream = {stream}"),
        )
        .await?;
    let own_id = u64::from(session.id());
    for id in old.into_iter().filter(|id| *id != own_id) {
        // The number may have gone to somebody else's session since; only sessions of our own account are ended.
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id} AND CONCAT(USER, '@') = CONCAT(SUBSTRING_INDEX(USER(), '@', 1), '@')"
        );
        if session
            .row::<u64>("looking for a predecessor's session", sql)
            .await?
            == Some(1)
        {
            // It may end by itself between the two statements.
            let _ = session
                .run("ending a predecessor's session", format!("KILL {id}"))
                .await;
        }
    }
    Ok(())
}
