//! A right, and what it is on.

use super::Account;

/// What a right is on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The whole server.
    Server,
    /// The database.
    Database,
    /// A table or view.
    Table(String),
    /// A column of a table.
    Column(String, String),
    /// A routine: `FUNCTION` or `PROCEDURE`, and its name.
    Routine(String, String),
}

/// A right of an account or role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// Who has it.
    pub holder: Account,
    /// On what.
    pub place: Place,
    /// Its name, as both families write it.
    pub privilege: String,
    /// May be given on.
    pub is_grantable: bool,
}

/// Rights on a database that both families know.
const OF_BOTH_FAMILIES: [&str; 18] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "EXECUTE",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "EVENT",
    "TRIGGER",
];
/// Rights on a database that MariaDB alone knows.
const OF_MARIADB: [&str; 2] = ["DELETE HISTORY", "SHOW CREATE ROUTINE"];
/// Those with which nothing is written.
const READING: [&str; 4] = ["SELECT", "SHOW VIEW", "LOCK TABLES", "SHOW CREATE ROUTINE"];

impl Right {
    /// Whether it is one on databases at all; administrative ones are not.
    pub(super) fn is_about_databases(&self) -> bool {
        is_of_both(&self.privilege) || OF_MARIADB.contains(&self.privilege.as_str())
    }

    /// Whether rows can be written with it.
    pub(super) fn is_writing(&self) -> bool {
        self.is_about_databases() && !READING.contains(&self.privilege.as_str())
    }
}

/// Whether both families know a right.
pub(super) fn is_of_both(privilege: &str) -> bool {
    OF_BOTH_FAMILIES.contains(&privilege)
}
