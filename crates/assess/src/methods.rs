//! The way to move each data store, by the decision table: what the provider grants, how much there is, and what must be probed first.
//!
//! Nothing here is presumed to work: each method names the probes and acts that come before it, and the preflight of `replicate` does those that this build
//! knows. What the provider refuses to everybody (Heroku grants no replication) is known beforehand and decides.

use reberth_model::assessment::{DatabaseMethod, Method};
use reberth_model::estate::{Database, Estate, Resource};

use crate::engine::Family;
use crate::rules::name_of;

/// Up to here a dump in a maintenance window is simpler than a stream.
const DUMP_BYTES_MAX: u64 = 10_000_000_000;
/// Assumed rate of a full copy over the internet, in bytes a second. Deliberately low.
const COPY_BYTES_PER_SECOND: u64 = 20 * 1024 * 1024;
const SECONDS_PER_HOUR: u64 = 3600;
const BYTES_PER_MIB: u64 = 1 << 20;

/// The methods, in the order of the estate.
pub(crate) fn propose(estate: &Estate) -> Vec<DatabaseMethod> {
    estate
        .data_stores()
        .map(|(resource, database)| of_store(estate, resource, database))
        .collect()
}

/// What the decision table says of a case.
struct Row {
    method: Method,
    why: &'static str,
    write_stop: &'static str,
    rights: &'static str,
    before: &'static [&'static str],
    instead: &'static [&'static str],
    automated: bool,
}

fn of_store(estate: &Estate, resource: &Resource, database: &Database) -> DatabaseMethod {
    let (data_bytes, size_basis) = size(database);
    let row = decide(&estate.provider, database, data_bytes);
    let hours = |bytes: u64| {
        (bytes / COPY_BYTES_PER_SECOND)
            .div_ceil(SECONDS_PER_HOUR)
            .max(1)
    };
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    DatabaseMethod {
        database: name_of(resource),
        engine: format!("{} {}", database.engine, database.version),
        data_bytes,
        size_basis: size_basis.to_owned(),
        method: row.method,
        why: row.why.to_owned(),
        write_stop: row.write_stop.to_owned(),
        rights: row.rights.to_owned(),
        before: owned(row.before),
        instead: owned(row.instead),
        copy_hours: data_bytes.map(hours),
        automated: row.automated,
    }
}

fn size(database: &Database) -> (Option<u64>, &'static str) {
    match (database.data_bytes, database.storage_mib) {
        (Some(bytes), _) => (Some(bytes), "the data, as the provider tells"),
        (None, Some(mib)) => (Some(mib * BYTES_PER_MIB), "the disk, as an upper bound"),
        (None, None) => (None, "not told"),
    }
}

fn decide(provider: &str, database: &Database, data_bytes: Option<u64>) -> Row {
    let is_small = data_bytes.is_some_and(|bytes| bytes < DUMP_BYTES_MAX);
    match (provider, Family::of(&database.engine)) {
        (_, Family::Mysql) => BINLOG,
        ("heroku", Family::Postgres) if is_small => DUMP_WINDOW,
        ("heroku", Family::Postgres) if is_essential(database) => TRIGGERS_ONLY,
        ("heroku", Family::Postgres) => TRIGGERS_OR_ARCHIVE,
        (_, Family::Postgres) => LOGICAL,
        (_, Family::KeyValue) => KEY_COPY,
        (_, Family::Other) => UNKNOWN,
    }
}

/// The platform's smallest plans keep no archive of the log.
fn is_essential(database: &Database) -> bool {
    database.size.starts_with("essential")
        || database.size.starts_with("mini")
        || database.size.starts_with("basic")
}

const BINLOG: Row = Row {
    method: Method::Binlog,
    why: "the server writes a log of changes that a replication user may read",
    write_stop: "seconds",
    rights: "SELECT, REPLICATION SLAVE, REPLICATION CLIENT, SHOW VIEW; nothing is written at the source",
    before: &[
        "raise the retention of the log above twice the time of the full copy",
        "let the preflight probe format, row image, rights, keys and character sets",
    ],
    instead: &["dump and restore in a maintenance window: hours without writes"],
    automated: true,
};

const LOGICAL: Row = Row {
    method: Method::Logical,
    why: "the provider lets a user replicate by logical decoding",
    write_stop: "seconds",
    rights: "a user with REPLICATION (pg_allow_replication) and SELECT; a publication at the source",
    before: &[
        "probe wal_level, free slots and senders, and the user's right to replicate",
        "consent to REPLICA IDENTITY FULL on tables without a key: set for the time of the move, it makes their log larger",
        "see that the target offers every extension",
    ],
    instead: &["dump and restore in a maintenance window: minutes to hours without writes"],
    automated: true,
};

const DUMP_WINDOW: Row = Row {
    method: Method::DumpWindow,
    why: "it is small, and the platform grants nobody the right to replicate",
    write_stop: "minutes to an hour",
    rights: "SELECT",
    before: &[
        "agree on a maintenance window",
        "measure the copy in a rehearsal, into a database that is thrown away",
        "make an account that may only read, where the plan allows one: the tables' owner is followed by triggers instead",
    ],
    instead: &[
        "full copy with triggers that capture changes: seconds without writes, but it writes at the source",
    ],
    automated: true,
};

const TRIGGERS_ONLY: Row = Row {
    method: Method::TriggerCapture,
    why: "the platform grants nobody the right to replicate, and this plan has no archive of the log",
    write_stop: "seconds",
    rights: "the owner of the tables: CREATE SCHEMA, FUNCTION, TRIGGER. It writes at the source: consent is needed",
    before: &[
        "give large tables a primary or unique key: without one, noting their changes costs the source several times as much",
        "see that no vacuum against wraparound runs while triggers are made",
        "see that the target offers every extension",
    ],
    instead: &["dump and restore in a maintenance window: hours without writes"],
    automated: true,
};

const TRIGGERS_OR_ARCHIVE: Row = Row {
    method: Method::TriggerCapture,
    why: "the platform grants nobody the right to replicate: changes are captured by triggers",
    write_stop: "seconds",
    rights: "the owner of the tables: CREATE SCHEMA, FUNCTION, TRIGGER. It writes at the source: consent is needed",
    before: &[
        "give large tables a primary or unique key: without one, noting their changes costs the source several times as much",
        "ask the provider's support for base backups and log, in case writing at the source is refused",
        "see that the target offers every extension",
    ],
    instead: &[
        "base backup and log from the provider's archive into a server in between, then logical replication: seconds to minutes without writes, after a support ticket",
        "dump and restore in a maintenance window: hours without writes",
    ],
    automated: true,
};

const KEY_COPY: Row = Row {
    method: Method::KeyCopy,
    why: "the provider takes no replica from outside; keys can be copied, or a cache starts empty",
    write_stop: "minutes for what must be kept, none for a cache that may start empty",
    rights: "SCAN, DUMP and PTTL",
    before: &[
        "ask which keys are a cache and which are queues or sessions",
        "drain queues, or copy them after the write stop",
    ],
    instead: &["start empty: misses at first, and sessions end"],
    automated: false,
};

const UNKNOWN: Row = Row {
    method: Method::Unknown,
    why: "this build knows no method for the engine",
    write_stop: "not known",
    rights: "not known",
    before: &["plan its move by the engine's own replication, or by dump and restore"],
    instead: &["leave it for a later wave"],
    automated: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    fn method(provider: &str, engine: &str, size: &str, gb: Option<u64>) -> Method {
        let database = Database {
            engine: engine.to_owned(),
            size: size.to_owned(),
            ..Database::default()
        };
        decide(provider, &database, gb.map(|gb| gb * 1_000_000_000)).method
    }

    #[test]
    fn the_decision_table_holds() {
        for (provider, engine, size, gb, expected) in [
            (
                "digitalocean",
                "mysql",
                "db-s-1vcpu-1gb",
                Some(5),
                Method::Binlog,
            ),
            ("digitalocean", "advanced_mysql", "x", None, Method::Binlog),
            ("digitalocean", "pg", "x", Some(900), Method::Logical),
            ("heroku", "pg", "essential-0", Some(1), Method::DumpWindow),
            ("heroku", "pg", "premium-4", Some(9), Method::DumpWindow),
            (
                "heroku",
                "pg",
                "premium-4",
                Some(200),
                Method::TriggerCapture,
            ),
            (
                "heroku",
                "pg",
                "essential-2",
                Some(30),
                Method::TriggerCapture,
            ),
            ("heroku", "pg", "premium-4", None, Method::TriggerCapture),
            ("heroku", "redis", "premium-5", None, Method::KeyCopy),
            ("digitalocean", "valkey", "x", None, Method::KeyCopy),
            ("digitalocean", "mongodb", "x", Some(1), Method::Unknown),
        ] {
            assert_eq!(
                method(provider, engine, size, gb),
                expected,
                "{provider} {engine} {size} {gb:?}"
            );
        }
    }

    #[test]
    fn an_archive_is_offered_only_where_the_plan_keeps_one() {
        let offers = |size: &str| {
            let database = Database {
                engine: "pg".to_owned(),
                size: size.to_owned(),
                ..Database::default()
            };
            let row = decide("heroku", &database, Some(200_000_000_000));
            row.instead.iter().any(|text| text.contains("archive"))
        };
        assert!(offers("premium-4") && !offers("essential-2"));
    }
}
