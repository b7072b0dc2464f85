//! Where a database server is, who we are there, and every wait bounded.

mod session;
pub(crate) mod tls;

use std::path::PathBuf;
use std::time::Duration;

use mysql_async::{Conn, OptsBuilder, SslOpts};

use crate::cause::Cause;
use crate::error::ReplicateError;

pub use session::Session;
pub(crate) use session::{Done, Loaded};

/// How long a statement that writes a bounded number of rows, found by key, may take before the server counts as silent.
pub const STATEMENT_LIMIT: Duration = Duration::from_secs(20);
/// How long a query may take.
pub const QUERY_LIMIT: Duration = Duration::from_secs(60);
/// How long a statement may take whose work grows with a table or with a transaction of the source.
pub const LONG_STATEMENT_LIMIT: Duration = Duration::from_secs(1800);
/// How long a connection may take to be made.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// How long a statement that rebuilds a table may take.
pub const REBUILD_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// A secret text: prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The secret itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Where a server is and who we are there.
#[derive(Clone, Debug)]
pub struct Address {
    engine: Engine,
    side: &'static str,
    host: String,
    port: u16,
    user: String,
    password: Secret,
    /// The database that the address names, if it names one.
    database: Option<String>,
    tls: Tls,
    /// A certificate authority to trust besides the public ones, as managed providers have one of their own.
    tls_ca: Option<PathBuf>,
    /// The only server that may answer there, by its identity, where a position of its log is at stake.
    only_server: Option<String>,
}

/// The language that a server speaks, as the address's scheme names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// MySQL or MariaDB.
    MySql,
    /// PostgreSQL.
    Postgres,
}

impl Engine {
    fn of_scheme(scheme: &str) -> Option<Engine> {
        match scheme {
            "mysql" | "mariadb" => Some(Engine::MySql),
            "postgres" | "postgresql" => Some(Engine::Postgres),
            _ => None,
        }
    }

    fn port(self) -> u16 {
        match self {
            Engine::MySql => 3306,
            Engine::Postgres => 5432,
        }
    }
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Encrypted, the server's certificate and name verified.
    Verified,
    /// Not encrypted: asked for by name with `?tls=off`, and shown in the evidence.
    Off,
}

impl Address {
    /// [`Address::parse`] for the MySQL family only.
    pub fn parse_mysql(
        url: &Secret,
        role: &str,
        side: &'static str,
    ) -> Result<Address, ReplicateError> {
        let address = Address::parse(url, role, side)?;
        match address.engine {
            Engine::MySql => Ok(address),
            Engine::Postgres => Err(ReplicateError::Address {
                role: role.to_owned(),
                reason: "PostgreSQL is not moved by this command yet".to_owned(),
            }),
        }
    }

    /// Reads `mysql://user:password@host:port/…` or `postgres://…`; `?tls=off` turns encryption off, anything else verifies, and
    /// `?tls-ca=FILE` names the provider's own certificate authority (PEM).
    ///
    /// `role` names the reference in errors; `side` is `source` or `target`.
    pub fn parse(url: &Secret, role: &str, side: &'static str) -> Result<Address, ReplicateError> {
        let refuse = |reason: &str| ReplicateError::Address {
            role: role.to_owned(),
            reason: reason.to_owned(),
        };
        let url = url::Url::parse(url.reveal()).map_err(|_| {
            refuse("it is not an address such as mysql://user:password@host:port/database")
        })?;
        let engine = Engine::of_scheme(url.scheme())
            .ok_or_else(|| refuse("its scheme is neither mysql nor postgres"))?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or_else(|| refuse("it names no host"))?;
        let (mut tls, mut tls_ca) = (Tls::Verified, None);
        for (name, value) in url.query_pairs() {
            match (name.as_ref(), value.as_ref()) {
                ("tls", "off") => tls = Tls::Off,
                ("tls", "verify") | ("ssl-mode" | "sslmode", _) => {}
                ("tls-ca", file) if std::path::Path::new(file).is_file() => {
                    tls_ca = Some(PathBuf::from(file))
                }
                ("tls-ca", _) => return Err(refuse("the file that tls-ca names is not there")),
                _ => {
                    return Err(refuse(
                        "its only options are tls=off, tls=verify and tls-ca=FILE",
                    ));
                }
            }
        }
        let decode = |text: &str| {
            percent_decode(text)
                .ok_or_else(|| refuse("its user, password or database has a broken % escape"))
        };
        Ok(Address {
            engine,
            side,
            host: host.to_owned(),
            port: url.port().unwrap_or(engine.port()),
            user: decode(url.username())?,
            password: Secret::new(decode(url.password().unwrap_or_default())?),
            database: Some(decode(url.path().trim_start_matches('/'))?)
                .filter(|name| !name.is_empty()),
            tls,
            tls_ca,
            only_server: None,
        })
    }

    /// The language that the server speaks.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// `source` or `target`.
    pub fn side(&self) -> &'static str {
        self.side
    }

    /// Host and port, for messages.
    pub fn host(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The account's name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database that the address names. What a stream moves is decided elsewhere.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The same address, in that database unless it names one itself.
    pub fn or_database(mut self, name: &str) -> Address {
        self.database.get_or_insert_with(|| name.to_owned());
        self
    }

    /// The host alone, as it is looked up and as its certificate names it.
    pub(crate) fn host_name(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn password(&self) -> &str {
        self.password.reveal()
    }

    pub(crate) fn tls_ca(&self) -> Option<&std::path::Path> {
        self.tls_ca.as_deref()
    }

    /// How the connection is protected.
    pub fn tls(&self) -> Tls {
        self.tls
    }

    /// The same account under the name of another side, for a server that changes its part, as on the way back.
    pub fn as_side(&self, side: &'static str) -> Address {
        Address {
            side,
            ..self.clone()
        }
    }

    /// The same address, at which only the server of that identity will do (rule 5): another one may take its place at any moment.
    pub(crate) fn of_server(&self, identity: &str) -> Address {
        Address {
            only_server: Some(identity.to_owned()),
            ..self.clone()
        }
    }

    /// The identity of the only server that may answer.
    pub(crate) fn only_server(&self) -> Option<&str> {
        self.only_server.as_deref()
    }

    /// Opens a session. `setup` statements run first.
    pub async fn connect(&self, setup: &[&str]) -> Result<Session, ReplicateError> {
        self.open(setup, false).await
    }

    /// Opens a session in which an UPDATE counts the rows that it found, also those that it left as they were.
    pub(crate) async fn connect_counting_found(
        &self,
        setup: &[&str],
    ) -> Result<Session, ReplicateError> {
        self.open(setup, true).await
    }

    async fn open(&self, setup: &[&str], counts_found: bool) -> Result<Session, ReplicateError> {
        let mut options = OptsBuilder::default()
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some(self.user.clone()))
            .pass(Some(self.password.reveal().to_owned()))
            .tcp_keepalive(Some(Duration::from_secs(15)))
            .prefer_socket(false)
            .stmt_cache_size(0)
            .client_found_rows(counts_found)
            .setup(
                setup
                    .iter()
                    .map(|statement| statement.to_string())
                    .collect::<Vec<_>>(),
            );
        if self.tls == Tls::Verified {
            let trusted = self.tls_ca.iter().cloned().map(Into::into).collect();
            options = options.ssl_opts(SslOpts::default().with_root_certs(trusted));
        }
        let doing = "connecting";
        let connecting = tokio::time::timeout(CONNECT_LIMIT, Conn::new(options)).await;
        let conn = connecting
            .map_err(|_| self.silent(doing, CONNECT_LIMIT))?
            .map_err(|error| self.error(doing, error))?;
        Ok(Session {
            conn,
            address: self.clone(),
        })
    }

    pub(crate) fn silent(&self, doing: &str, limit: Duration) -> ReplicateError {
        ReplicateError::Silent {
            side: self.side,
            host: self.host(),
            doing: doing.to_owned(),
            limit_s: limit.as_secs(),
        }
    }

    /// Sorts a driver's error into "try again" and "the server says no".
    pub(crate) fn error(&self, doing: &str, error: impl Into<Cause>) -> ReplicateError {
        let (side, host, doing, cause) = (self.side, self.host(), doing.to_owned(), error.into());
        if cause.is_passing() {
            ReplicateError::Unreachable {
                side,
                host,
                doing,
                source: Some(Box::new(cause)),
            }
        } else if cause.is_disk_full() {
            ReplicateError::DiskFull {
                side,
                host,
                doing,
                source: Box::new(cause),
            }
        } else {
            ReplicateError::Refused {
                side,
                host,
                doing,
                source: Box::new(cause),
            }
        }
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_refused_without_telling_secrets() {
        let good = Address::parse(
            &Secret::new("mysql://re%40d:p%2Fw@db.example:25060/x?ssl-mode=REQUIRED"),
            "reader",
            "source",
        )
        .unwrap();
        assert_eq!(
            (good.user(), good.host().as_str(), good.tls()),
            ("re@d", "db.example:25060", Tls::Verified)
        );
        assert_eq!(good.password.reveal(), "p/w");
        assert!(!format!("{good:?}").contains("p/w"));
        for bad in [
            "",
            "hunter2",
            "redis://u:hunter2@h/d",
            "mysql://u:hunter2@h/d?tls=maybe",
            "mysql://u:hunter2%zz@h/d",
        ] {
            let error = Address::parse(&Secret::new(bad), "reader", "source").unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("hunter2"),
                "{error:?}"
            );
        }
    }
}
