//! PostgreSQL's own ways of reading a source's log: a subscription, and the bare stream without anybody who applies it.

use std::process::{Command, Stdio};
use std::time::Instant;

use reberth_replicate::LogPosition;
use reberth_testkit::postgres::{Postgres, client_program};

use super::servers::{DATABASE, uri};
use crate::Failure;

/// Makes a server with the source's rows a subscriber that waits.
pub(crate) fn subscribe(replica: &Postgres, source: &Postgres) -> Result<(), Failure> {
    source.sql(DATABASE, "CREATE PUBLICATION native FOR ALL TABLES")?;
    // Values as the servers hold them, and large transactions applied while they come: the best that this version has.
    let sql = format!(
        "CREATE SUBSCRIPTION native CONNECTION '{}' PUBLICATION native WITH (copy_data = false, binary = true, streaming = parallel)",
        uri(source)
    );
    replica.sql(DATABASE, &sql)?;
    pause(replica)
}

/// Lets the subscriber wait.
pub(crate) fn pause(replica: &Postgres) -> Result<(), Failure> {
    replica.sql(DATABASE, "ALTER SUBSCRIPTION native DISABLE")?;
    Ok(())
}

/// Lets the subscriber go on.
pub(crate) fn go_on(replica: &Postgres) -> Result<(), Failure> {
    replica.sql(DATABASE, "ALTER SUBSCRIPTION native ENABLE")?;
    Ok(())
}

/// Makes a slot for the bare stream of the publication.
pub(crate) fn keep_for_bare_stream(source: &Postgres) -> Result<(), Failure> {
    source.sql(
        DATABASE,
        "SELECT pg_create_logical_replication_slot('bare', 'pgoutput')",
    )?;
    Ok(())
}

/// Reads the bare stream up to a place, into nothing. Returns the seconds that it took: the most that the source's one process can decode and send.
pub(crate) fn read_bare_stream(source: &Postgres, end: &LogPosition) -> Result<f64, Failure> {
    let begun = Instant::now();
    let status = Command::new(client_program("pg_recvlogical")?)
        .args(["-d", &uri(source), "--slot=bare", "--start", "--no-loop"])
        .args(["-o", "proto_version=1", "-o", "publication_names=native"])
        .arg(format!("--endpos={end}"))
        .args(["-f", "/dev/null"])
        .stderr(Stdio::null())
        .status()?;
    match status.success() {
        true => Ok(begun.elapsed().as_secs_f64()),
        false => Err(format!("pg_recvlogical failed: {status}").into()),
    }
}
