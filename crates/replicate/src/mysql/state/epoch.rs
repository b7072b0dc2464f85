//! The epoch: who owns the stream, and how a successor takes it over.
//!
//! **Definitions.** Making an index or a trigger commits by itself, under no epoch: only the end of its session keeps an overtaken process from it. So each
//! session that writes is registered, that of the take-over too, and a session counts as registered only if the epoch was still ours afterwards. A
//! successor ends the registered ones before the raise, for the row locks that they hold, and again after it: what registered in between is among
//! those, and what registers later finds the epoch raised.

use mysql_async::Row;

use super::{Direction, StreamState, stream_name};
use crate::claim::{Claim, Standing};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::server;
use crate::mysql::value::quote_text;

impl StreamState {
    /// Takes the stream over: ends the predecessor's sessions and raises the epoch.
    ///
    /// A run that has held the stream before comes with the claim it had then: if another has raised the epoch meanwhile, that one is the
    /// successor, and this one ends instead of taking the stream back.
    pub async fn take_over(
        session: &mut Session,
        direction: Direction,
        database: &str,
        claim: &mut Claim,
    ) -> Result<StreamState, ReplicateError> {
        let name = stream_name(direction, database);
        let quoted = quote_text(&name);
        let epoch = loop {
            let standing: Option<Standing> = session
                .row(
                    "reading the epoch",
                    format!("SELECT epoch, raised_by FROM reberth.stream WHERE name = {quoted}"),
                )
                .await?;
            let standing = standing.ok_or_else(|| ReplicateError::NotStarted {
                database: database.to_owned(),
            })?;
            if !claim.holds(&standing) {
                return Err(ReplicateError::Superseded {
                    epoch: claim.held_epoch(),
                });
            }
            end_sessions(session, &quoted).await?;
            let stored = standing.0;
            let raise = format!(
                "UPDATE reberth.stream SET epoch = epoch + 1, raised_by = {} WHERE name = {quoted} AND epoch = {stored}",
                quote_text(claim.token())
            );
            // If another statement was faster, it may have been one of our own, sent over a wire that broke.
            if session.run("raising the epoch", raise).await? == 1 {
                break stored + 1;
            }
        };
        claim.hold(epoch);
        end_sessions(session, &quoted).await?;
        session
            .run(
                "forgetting a predecessor's sessions",
                format!("DELETE FROM reberth.session WHERE stream = {quoted}"),
            )
            .await?;
        let state = StreamState {
            name,
            epoch,
            address: session.address().clone(),
        };
        state.register(session).await?;
        Ok(state)
    }

    /// Opens a session for writing rows, registered so that a successor can end it.
    pub async fn open_writer(&self) -> Result<Session, ReplicateError> {
        let mut session = server::writer(&self.address).await?;
        self.register(&mut session).await?;
        Ok(session)
    }

    /// Opens a session for applying the log, registered likewise.
    pub(crate) async fn open_applier(&self) -> Result<Session, ReplicateError> {
        let mut session = server::applier(&self.address).await?;
        self.register(&mut session).await?;
        Ok(session)
    }

    async fn register(&self, session: &mut Session) -> Result<(), ReplicateError> {
        let sql = format!(
            "REPLACE INTO reberth.session (stream, connection_id, epoch) VALUES ({}, {}, {})",
            quote_text(&self.name),
            session.id(),
            self.epoch
        );
        session.run("registering a session", sql).await?;
        self.require_epoch(session).await
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
    if old.is_empty() {
        return Ok(());
    }
    // Not asked of information_schema: MySQL refuses that while any session runs a statement whose bytes are no text.
    let running: Vec<Row> = session
        .rows("looking for a predecessor's sessions", "SHOW PROCESSLIST")
        .await?;
    let (own_id, own_user) = (u64::from(session.id()), session.address().user().to_owned());
    // A number may have gone to somebody else's session since; only sessions of our own account are ended.
    let is_ours = |row: &Row| {
        row.get_opt::<String, _>(1)
            .is_some_and(|user| user.is_ok_and(|user| user == own_user))
    };
    let ids = running
        .iter()
        .filter(|row| is_ours(row))
        .filter_map(|row| row.get_opt::<u64, _>(0)?.ok());
    for id in ids.filter(|id| *id != own_id && old.contains(id)) {
        // It may have ended by itself.
        let _ = session
            .run("ending a predecessor's session", format!("KILL {id}"))
            .await;
    }
    Ok(())
}
