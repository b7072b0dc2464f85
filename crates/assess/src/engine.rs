//! What kind of data store an engine is, whatever the provider calls it.

/// Engines that are moved alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// MySQL and MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// Redis and Valkey.
    KeyValue,
    /// Anything else.
    Other,
}

impl Family {
    /// The family of an engine as providers write it.
    pub(crate) fn of(engine: &str) -> Family {
        match engine {
            "mysql" | "advanced_mysql" | "mariadb" => Family::Mysql,
            "pg" | "advanced_pg" | "postgres" | "postgresql" => Family::Postgres,
            "redis" | "valkey" => Family::KeyValue,
            _ => Family::Other,
        }
    }

    /// Whether it holds tables.
    pub(crate) fn is_relational(self) -> bool {
        matches!(self, Family::Mysql | Family::Postgres)
    }
}
