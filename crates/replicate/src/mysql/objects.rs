//! Views, procedures, functions, triggers and events: read from one server, made on the other, compared.
//!
//! A program changes no row by being made, so the log's word about one stops no stream: what the source holds is read again whenever programs are
//! brought level, the last time behind the fence. The moment at which each kind may exist on the side that receives rows is the point:
//!
//! - **Views and routines** as soon as all tables stand; a view that needs another one, or a function, is tried again after the others.
//! - **Events** then too, but disabled: two servers must not do one job twice.
//! - **Triggers** only after the drain. The server cannot silence them for the applier's session (rule 10), and the rows that they write are in the
//!   log already: each would be there twice. For the same reason the side that was left loses its triggers before the stream back begins; their
//!   definitions are kept beside that stream's state ([`keep`]) and put back by the way back.
//!
//! Statements travel as bytes in the character set in which they were written, and run under the sql_mode, character set, collation and time zone
//! that the server keeps with them. A definer that does not exist on the other side is replaced ([`definer`]).

pub mod compare;
pub mod definer;
pub mod keep;
mod kind;
pub mod level;
mod read;
pub mod right;
pub(crate) mod statement;

use std::collections::BTreeMap;

use crate::mysql::ddl::Quoting;
use crate::mysql::server::Flavour;
use crate::mysql::value::quote_name;

pub use definer::Account;
pub use kind::Kind;
pub use read::read;

/// One view, routine, trigger or event, with all that is needed to make it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The server's own statement that makes it, in `charset`.
    pub statement: Vec<u8>,
    /// Who it runs as, where it says so.
    pub definer: Option<Account>,
    /// Character set of the session that made it.
    pub charset: String,
    /// Collation of the session that made it.
    pub collation: String,
    /// The sql_mode under which it runs; empty for views.
    pub sql_mode: String,
    /// Time zone of an event.
    pub time_zone: Option<String>,
    /// Whether the event runs; true for everything else.
    pub is_enabled: bool,
    /// A trigger's place among those of the same table and moment.
    pub place: u64,
    /// What it does: the body of a program, the names of a view's columns. The same words on every server.
    pub body: String,
    /// How it is declared: security, determinism, schedule, moment and table of a trigger.
    pub traits: String,
    /// Family of the server that told it.
    pub flavour: Flavour,
}

impl Program {
    /// The name as SQL.
    pub fn quoted(&self) -> String {
        quote_name(&self.name)
    }

    /// How the quotes in it are read.
    pub(crate) fn quoting(&self) -> Quoting {
        Quoting::of_words(&self.sql_mode)
    }
}

/// Programs of a database, ordered by kind and name.
pub type Programs = BTreeMap<(Kind, String), Program>;

/// The programs of a database that an account may see.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// All that could be read.
    pub programs: Programs,
    /// Kinds that this account may not see, with the right that would show them: whether there are any is not known.
    pub hidden: Vec<(Kind, &'static str)>,
    /// Programs that could not be read, with the reason.
    pub unreadable: Vec<(Kind, String, String)>,
}
