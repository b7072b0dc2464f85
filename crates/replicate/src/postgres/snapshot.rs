//! A snapshot that several sessions read in, kept open by one that does nothing else.

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::postgres::session::Session;

/// An exported snapshot, for as long as this lives.
#[derive(Debug)]
pub struct Snapshot {
    name: String,
    text: String,
    server_version: u32,
    /// It dies with its session.
    _keeper: Session,
}

impl Snapshot {
    /// Takes a snapshot of the present moment.
    pub async fn take(address: &Address) -> Result<Snapshot, ReplicateError> {
        let mut keeper = Session::open(address).await?;
        let doing = "taking a snapshot";
        keeper
            .run(doing, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
        let named: Option<(String,)> = keeper.row(doing, "SELECT pg_export_snapshot()").await?;
        let (name,) = named.unwrap_or_default();
        Snapshot::kept_by(keeper, name, address).await
    }

    /// A snapshot that another session has exported, as the one that made a slot.
    pub(crate) async fn kept_by(
        keeper: Session,
        name: String,
        address: &Address,
    ) -> Result<Snapshot, ReplicateError> {
        let mut reader = Session::open(address).await?;
        crate::postgres::copy::enter_snapshot(&mut reader, &name).await?;
        let sql = "SELECT pg_current_snapshot()::text, current_setting('server_version_num')::int";
        let row: Option<(String, u32)> = reader.row("reading the snapshot", sql).await?;
        let (text, server_version) = row.unwrap_or_default();
        Ok(Snapshot {
            name,
            text,
            server_version,
            _keeper: keeper,
        })
    }

    /// The name under which another session enters it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which transactions it shows, in the server's own words: `xmin:xmax:xip`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The server's version, such as 150018.
    pub fn server_version(&self) -> u32 {
        self.server_version
    }
}
