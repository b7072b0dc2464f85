//! Who plays in an act: two servers of one engine with the platform's data, and all that differs between the engines.

use reberth_replicate::mysql::server as mysql_server;
use reberth_replicate::mysql::state::operation as mysql_operation;
use reberth_replicate::operation::Report;
use reberth_replicate::postgres::session::Session as PostgresSession;
use reberth_replicate::postgres::state::operation as postgres_operation;
use reberth_replicate::stream::Direction;
use reberth_replicate::{Address, Secret};
use reberth_testkit::database::{DatabaseError, Server};
use reberth_testkit::learning::postgres::{self as platform, MASTER, OWNER};
use reberth_testkit::learning::{self, DATABASE, PASSWORD, Size};
use reberth_testkit::ledger::{Ledger, Speaks, Verdict};
use reberth_testkit::postgres::{Major, Postgres, client_folder};
use reberth_testkit::replay::Recording;

use super::Act;
use crate::failure::Failure;

/// The two servers; ended when dropped.
pub(crate) enum Cast {
    MariaDb { source: Server, target: Server },
    Postgres { source: Postgres, target: Postgres },
}

/// What one of an act's policies and commands say, apart from the databases.
pub(crate) struct Lines {
    pub(crate) provider: &'static str,
    pub(crate) region: &'static str,
    pub(crate) project: &'static str,
    pub(crate) token: &'static str,
    pub(crate) setting: &'static str,
    pub(crate) introduction: &'static str,
    /// Up to when the source may hold nothing of Reberth's.
    pub(crate) clean_until: &'static str,
}

impl Cast {
    /// Starts both servers and makes the platform on the source.
    pub(crate) fn assemble(act: Act, size: Size) -> Result<Cast, DatabaseError> {
        match act {
            Act::First => {
                let source = Server::start("demo-source", &[])?;
                let target = Server::start("demo-target", &[])?;
                learning::seed(&source, size)?;
                learning::prepare_target(&target)?;
                Ok(Cast::MariaDb { source, target })
            }
            Act::Second => {
                let source = Postgres::start(Major::V15, "demo-source", &["wal_level=replica"])?;
                let target = Postgres::start(Major::V17, "demo-target", &[])?;
                platform::seed(&source, size)?;
                platform::prepare_target(&target, OWNER)?;
                Ok(Cast::Postgres { source, target })
            }
        }
    }

    pub(crate) fn ports(&self) -> [(&'static str, u16); 2] {
        let (source, target) = match self {
            Cast::MariaDb { source, target } => (source.port(), target.port()),
            Cast::Postgres { source, target } => (source.port(), target.port()),
        };
        [("source", source), ("target", target)]
    }

    pub(crate) fn speaks(&self) -> Speaks {
        match self {
            Cast::MariaDb { .. } => Speaks::MySql,
            Cast::Postgres { .. } => Speaks::Postgres(OWNER),
        }
    }

    pub(crate) fn recording(&self) -> Recording {
        match self {
            Cast::MariaDb { .. } => Recording::edtech(),
            Cast::Postgres { .. } => Recording::lms(),
        }
    }

    pub(crate) fn lines(&self) -> &'static Lines {
        match self {
            Cast::MariaDb { .. } => &Lines {
                provider: "digitalocean",
                region: "ap-south-1",
                project: "brightlearn",
                token: "DIGITALOCEAN_TOKEN",
                setting: "two MariaDB servers on free loopback ports, a learning platform with its data, its application, a recorded API",
                introduction: "RECORDED: the DigitalOcean account (11 servers, 10 clusters), replayed over HTTP on loopback.\n\
                     LIVE:     two database servers, the application, the front door, every row, every refusal and every millisecond.\n\
                     The live database lms_core stands for the recorded cluster lms-core-mysql.",
                clean_until: "before the way back was armed",
            },
            Cast::Postgres { .. } => &Lines {
                provider: "heroku",
                region: "eu-west-1",
                project: "courseware",
                token: "HEROKU_API_KEY",
                setting: "PostgreSQL 15 as Heroku gives it (one ordinary owner, no replication), PostgreSQL 17 to go to, the platform, its application, a recorded API",
                introduction: "RECORDED: the Heroku account (applications, dynos, add-ons), replayed over HTTP on loopback.\n\
                     LIVE:     two database servers, the application, the front door, every row, every refusal and every millisecond.\n\
                     The source's account may neither replicate nor change a setting, so triggers note what changes, after consent.",
                clean_until: "before the triggers were consented to",
            },
        }
    }

    /// The connections of the policy, and what else the commands need.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        match self {
            Cast::MariaDb { source, target } => {
                let url = |server: &Server, user: &str| server.url(user, PASSWORD, DATABASE);
                vec![
                    ("LMS_READER", url(source, "reader")),
                    ("LMS_FENCE", url(source, "fence")),
                    ("LMS_APP", url(source, "app")),
                    ("LMS_REVERSE", url(source, "reverse")),
                    ("LMS_TARGET_WRITER", url(target, "writer")),
                    ("LMS_TARGET_FENCE", url(target, "fence")),
                    ("LMS_TARGET_APP", url(target, "app")),
                ]
            }
            Cast::Postgres { source, target } => {
                let path = std::env::var("PATH").unwrap_or_default();
                vec![
                    ("PATH", format!("{}:{path}", client_folder().display())),
                    ("LMS_OWNER", source.url(OWNER, PASSWORD, DATABASE)),
                    ("LMS_TARGET", target.url(MASTER, PASSWORD, DATABASE)),
                    ("LMS_TARGET_APP", target.url(OWNER, PASSWORD, DATABASE)),
                ]
            }
        }
    }

    /// The policy's lines about the database.
    pub(crate) fn connections(&self) -> &'static str {
        match self {
            Cast::MariaDb { .. } => {
                "    cluster: lms-core-mysql\n    \
                 source: {reader: env:LMS_READER, fence: env:LMS_FENCE, app: env:LMS_APP, reverse: env:LMS_REVERSE}\n    \
                 target: {writer: env:LMS_TARGET_WRITER, fence: env:LMS_TARGET_FENCE, app: env:LMS_TARGET_APP}\n    \
                 exempt_accounts: [root@localhost, mariadb.sys@localhost]\n"
            }
            Cast::Postgres { .. } => {
                "    source: {reader: env:LMS_OWNER, fence: env:LMS_OWNER, app: env:LMS_OWNER, reverse: env:LMS_OWNER}\n    \
                 target: {writer: env:LMS_TARGET, fence: env:LMS_TARGET, app: env:LMS_TARGET_APP}\n"
            }
        }
    }

    /// The last word of a stream's process, from where the stream keeps its state.
    pub(crate) async fn report(&self, direction: Direction) -> Result<Option<Report>, Failure> {
        let address = |url: String, user: &str, side| Address::parse(&Secret::new(url), user, side);
        let known = match self {
            Cast::MariaDb { source, target } => {
                let (server, user, side) = match direction {
                    Direction::Forward => (target, "writer", "target"),
                    Direction::Reverse => (source, "reverse", "source"),
                };
                let address = address(server.url(user, PASSWORD, DATABASE), user, side)?;
                let mut session = mysql_server::writer(&address).await?;
                mysql_operation::read(&mut session, direction, DATABASE).await?
            }
            Cast::Postgres { source, target } => {
                let (server, user, side) = match direction {
                    Direction::Forward => (target, MASTER, "target"),
                    Direction::Reverse => (source, OWNER, "source"),
                };
                let address = address(server.url(user, PASSWORD, DATABASE), user, side)?;
                let mut session = PostgresSession::open(&address).await?;
                postgres_operation::read(&mut session, direction, DATABASE).await?
            }
        };
        Ok(known.report)
    }

    /// Schemas of Reberth on the source, if it can be asked.
    pub(crate) fn own_schemas_on_source(&self) -> Option<u64> {
        let sql = "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'reberth'";
        let counted = match self {
            Cast::MariaDb { source, .. } => source.sql(sql),
            Cast::Postgres { source, .. } => source.sql(DATABASE, sql),
        };
        counted.ok()?.trim().parse().ok()
    }

    /// What the ledger says of the target, and of the source.
    pub(crate) async fn compare(&self, ledger: &Ledger) -> Result<(Verdict, Verdict), Failure> {
        let failed = |error: std::io::Error| Failure::io("the ledger could not be compared", error);
        let other = std::io::Error::other::<DatabaseError>;
        match self {
            Cast::MariaDb { source, target } => {
                let on = async |port, user| ledger.compare(port, user).await;
                let on_target = on(target.port(), "writer").await;
                let on_source = on(source.port(), "reverse").await;
                let other = std::io::Error::other;
                Ok((
                    on_target.map_err(|error| failed(other(error)))?,
                    on_source.map_err(|error| failed(other(error)))?,
                ))
            }
            Cast::Postgres { source, target } => {
                let on = |server| ledger.compare_postgres(server);
                Ok((
                    on(target).map_err(|error| failed(other(error)))?,
                    on(source).map_err(|error| failed(other(error)))?,
                ))
            }
        }
    }
}
