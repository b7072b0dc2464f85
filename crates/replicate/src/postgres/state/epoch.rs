//! The epoch: who owns the stream, and how a successor takes it over.

use super::{StreamState, stream_name};
use crate::claim::{Claim, Standing};
use crate::error::ReplicateError;
use crate::postgres::session::Session;
use crate::postgres::value::quote_text;
use crate::stream::Direction;

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
            let sql = format!("SELECT epoch, raised_by FROM reberth.stream WHERE name = {quoted}");
            let standing: Option<Standing> = session.row("reading the epoch", sql).await?;
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
        let sql =
            format!("DELETE FROM reberth.session WHERE stream = {quoted} AND epoch < {epoch}");
        session
            .run("forgetting a predecessor's sessions", sql)
            .await?;
        Ok(StreamState {
            name,
            epoch,
            address: session.address().clone(),
        })
    }

    /// Opens a session for writing rows, registered so that a successor can end it. Triggers and foreign keys rest in it.
    pub async fn open_writer(&self) -> Result<Session, ReplicateError> {
        let mut session = Session::open_with(&self.address, WRITER).await?;
        let sql = format!(
            "INSERT INTO reberth.session (stream, process_id, begun_at, epoch) \
             SELECT {}, pid, backend_start::text, {} FROM pg_stat_activity WHERE pid = pg_backend_pid() \
             ON CONFLICT (stream, process_id) DO UPDATE SET begun_at = excluded.begun_at, epoch = excluded.epoch",
            quote_text(&self.name),
            self.epoch
        );
        session.run("registering a session", sql).await?;
        // A fence and a capture on that server know our writes by this (rules 32, 36).
        let mark = format!("SET reberth.origin = {}", quote_text(&self.name));
        session.run("marking our own writes", mark).await?;
        // `replica`: what triggers and foreign keys did on the source has come with the rows.
        let sql = "SET session_replication_role = replica";
        match session.run("letting triggers rest", sql).await {
            // The way back may lead to an owner without rights: see `logical::ordered`.
            Err(ReplicateError::Refused { source, .. })
                if source.sql_state() == Some("42501") && self.is_reverse() => {}
            rested => drop(rested?),
        }
        Ok(session)
    }

    fn is_reverse(&self) -> bool {
        self.name.starts_with(Direction::Reverse.word())
    }
}

/// Settings of sessions that write rows. The index of the identity key is always the right way to a row of a batch; a planner without statistics was
/// seen to choose another.
const WRITER: &[(&str, &str)] = &[
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_bitmapscan", "off"),
    ("jit", "off"),
    ("client_min_messages", "warning"),
    ("lc_monetary", "C"),
];

/// Ends the sessions that a predecessor left, so that the row locks they hold go with them. A number may have gone to somebody else since: the
/// moment at which the session began tells.
async fn end_sessions(session: &mut Session, stream: &str) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT count(pg_terminate_backend(a.pid)) FROM reberth.session s \
         JOIN pg_stat_activity a ON a.pid = s.process_id AND a.backend_start::text = s.begun_at \
         WHERE s.stream = {stream} AND a.pid <> pg_backend_pid()"
    );
    session
        .run("ending a predecessor's sessions", sql)
        .await
        .map(drop)
}
