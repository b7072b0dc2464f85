//! The kinds of programs, and where each server lists them.

use serde::{Deserialize, Serialize};

/// A kind of program, in the order in which they are made: what a later one may need comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A stored function.
    Function,
    /// A stored procedure.
    Procedure,
    /// A view.
    View,
    /// A trigger.
    Trigger,
    /// A scheduled event.
    Event,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [
        Kind::Function,
        Kind::Procedure,
        Kind::View,
        Kind::Trigger,
        Kind::Event,
    ];

    /// The kinds that may exist on a side while rows stream into it.
    pub const BESIDE_A_STREAM: [Kind; 4] =
        [Kind::Function, Kind::Procedure, Kind::View, Kind::Event];

    /// The word of messages and of [`Kind::from_word`].
    pub fn word(self) -> &'static str {
        match self {
            Kind::Function => "function",
            Kind::Procedure => "procedure",
            Kind::View => "view",
            Kind::Trigger => "trigger",
            Kind::Event => "event",
        }
    }

    /// The kind of that word.
    pub fn from_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The keyword of `CREATE`, `DROP` and `SHOW CREATE`.
    pub(super) fn keyword(self) -> &'static str {
        match self {
            Kind::Function => "FUNCTION",
            Kind::Procedure => "PROCEDURE",
            Kind::View => "VIEW",
            Kind::Trigger => "TRIGGER",
            Kind::Event => "EVENT",
        }
    }

    /// Where the answer to `SHOW CREATE` holds the statement.
    pub(super) fn statement_column(self) -> usize {
        match self {
            Kind::View => 1,
            Kind::Function | Kind::Procedure | Kind::Trigger => 2,
            Kind::Event => 3,
        }
    }

    /// The query that lists this kind, with the database as a literal: name, definer, character set, collation, sql_mode, time zone, status, place,
    /// body, traits.
    pub(super) fn list_query(self, database: &str) -> String {
        match self {
            Kind::View => format!(
                "SELECT TABLE_NAME, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, '', '', '', 0, \
                 (SELECT GROUP_CONCAT(c.COLUMN_NAME ORDER BY c.ORDINAL_POSITION SEPARATOR ', ') FROM information_schema.COLUMNS c \
                  WHERE c.TABLE_SCHEMA = {database} AND c.TABLE_NAME = v.TABLE_NAME), CONCAT_WS(' ', SECURITY_TYPE, CHECK_OPTION) \
                 FROM information_schema.VIEWS v WHERE TABLE_SCHEMA = {database} ORDER BY 1"
            ),
            Kind::Trigger => format!(
                "SELECT TRIGGER_NAME, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, SQL_MODE, '', '', ACTION_ORDER, \
                 ACTION_STATEMENT, CONCAT_WS(' ', ACTION_TIMING, EVENT_MANIPULATION, 'ON', EVENT_OBJECT_TABLE) \
                 FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {database} ORDER BY 1"
            ),
            Kind::Function | Kind::Procedure => format!(
                "SELECT ROUTINE_NAME, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, SQL_MODE, '', '', 0, \
                 ROUTINE_DEFINITION, CONCAT_WS(' ', SECURITY_TYPE, IS_DETERMINISTIC, SQL_DATA_ACCESS, ROUTINE_COMMENT) \
                 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {database} AND ROUTINE_TYPE = '{}' ORDER BY 1",
                self.keyword()
            ),
            Kind::Event => format!(
                "SELECT EVENT_NAME, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, SQL_MODE, TIME_ZONE, STATUS, 0, \
                 EVENT_DEFINITION, CONCAT_WS(' ', EVENT_TYPE, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, STARTS, ENDS, ON_COMPLETION, EVENT_COMMENT) \
                 FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {database} ORDER BY 1"
            ),
        }
    }
}
