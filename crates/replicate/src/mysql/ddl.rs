//! Changes of the schema on the source during the move, carried over to the target (rule 22).
//!
//! # Why a change is done exactly once
//!
//! **The difficulty.** On servers of this family a statement that changes the schema commits by itself, so it cannot share a transaction with the checkpoint. A
//! process may die after the statement and before the checkpoint, and its successor must not do it again.
//!
//! **Order.** The log's reader ends at such a statement. Everything before it is committed, so that the checkpoint stands right before it. Then:
//! 1. a session of our own takes a named lock of the target's server, and under the epoch commits an *intent*: the statement's place in the log, its hash,
//!    and how the tables it touches are defined before;
//! 2. the statement is executed under the settings of the session that wrote it ([`settings`]), in steps of which each is atomic on its own and
//!    whose being done can be *seen* ([`mod@carry`]); the number of steps done is committed after each;
//! 3. the definitions are read back and compared with what the statement must give;
//! 4. the new schema and "done" are committed together, under the epoch. The checkpoint stays: the reader opens there again and passes over the statement
//!    because its place is known as done. So a statement inside a transaction (`CREATE TABLE … SELECT` logs one before its rows) needs no position of its own.
//!
//! **Killed in between.** The checkpoint stands before the statement until 4, so a successor meets the statement again. With no intent nothing was done. With one,
//! it takes the named lock, which the server gives it only when the predecessor's session is gone, so that nothing of the predecessor can still
//! happen; then it looks whether the step at hand was done, does it if not, and goes on. Each step's being done is visible: a table that stands or not under a
//! name, or a definition that differs from the one in the intent. Where an alteration leaves the definition as it was, doing it twice is the same as once (the
//! two that are not, a swap of columns and of partitions, are refused).
//! A predecessor that was only slow cannot do the statement later: its session is ended by the successor ([`super::state`]), and its intent is refused by the epoch.
//!
//! **What the rows' decoding rests on.** After 4 the schema is the target's own, read back; the log's table descriptions that follow are checked against it, row
//! event by row event. Where source and target are of different families, a column that the statement left alone keeps the source's type.
//!
//! **While the copy is not yet certain** (before [`Phase::Following`](super::state::Phase)) a table is a mixture of moments, read under a definition that a change would make void. Then
//! only a new table is carried, because its rows come from the log alone; a table that was made between the first position and the reading of the schema is
//! known already, and the statement that made it is passed over. The database's own defaults are carried too: what they give to a new table is decided in the
//! log's order, and done twice they are the same. Other changes of tables have these copied anew ([`super::recopy`]).
//!
//! **What is not understood stops** the stream at that very place, with everything before it committed. A person may then do on the target by hand what the statement did on the
//! source, and let the stream pass exactly that statement ([`allow_past`](super::state::allow_past)).

mod alter;
mod carry;
pub(crate) mod change;
mod charset;
mod observe;
mod parser;
mod quoting;
pub(crate) mod settings;
pub(crate) mod statement;
mod tokens;

use crate::mysql::ddl::settings::Settings;
use crate::position::LogPosition;

pub(crate) use carry::{carry, lock};
pub(crate) use observe::definitions;
pub(crate) use quoting::{Quoting, set_apart};

/// A statement in the log that changes the schema in scope, or may do so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedStatement {
    /// Where it begins.
    pub position: LogPosition,
    /// The default database of its session.
    pub(crate) database: String,
    /// Its bytes.
    pub(crate) query: Vec<u8>,
    /// The settings of its session, or why they are not known.
    pub(crate) settings: Result<Settings, String>,
    /// The error with which it ended on the source, having done a part; 0 for none.
    pub(crate) error_code: u16,
}

impl LoggedStatement {
    /// Its first words, for people.
    pub fn first_words(&self) -> String {
        let query = String::from_utf8_lossy(&self.query);
        let words: Vec<&str> = query.split_whitespace().take(8).collect();
        words.join(" ").chars().take(120).collect()
    }
}
