//! What a stream moves, and how it may read the source's log.

use crate::connection::Address;
use crate::error::ReplicateError;
use crate::mysql::log::{LogOwner, LogReader};
use crate::mysql::schema::Schema;
use crate::mysql::server::{self, Flavour};
use crate::mysql::spool::{Spool, SpoolPlan};
use crate::mysql::state::{self, Checkpoint, Direction};
use crate::position::LogPosition;

/// What a stream moves, and between whom.
#[derive(Clone, Debug)]
pub struct StreamPlan {
    /// Name of the database on both sides.
    pub database: String,
    /// Which way it flows.
    pub direction: Direction,
    /// Reads rows and log.
    pub from: Address,
    /// Writes rows and state.
    pub to: Address,
    /// Copy workers.
    pub workers: usize,
    /// Where the source's log is kept while the copy runs; without it, the source must keep its log until then.
    pub spool: Option<SpoolPlan>,
    /// Bytes a second that the copy reads at most, all workers together; `None`: as many as the source stands without suffering.
    pub bytes_per_s_most: Option<u64>,
    /// Streams that run in this process, which share its memory.
    pub streams: usize,
}

/// Bytes of log changes that all streams of a process may hold at once in one stage: read ahead, gathered, or on their way to the target.
const STAGE_BYTES: usize = 24 * 1024 * 1024;
/// A stage of one stream holds no more; more was not faster.
const STAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Nor less: a batch must be worth its round trips.
const STAGE_BYTES_MIN: usize = 2 * 1024 * 1024;

impl StreamPlan {
    /// Bytes of log changes that one stage of this stream holds at the most.
    pub(crate) fn stage_bytes(&self) -> usize {
        (STAGE_BYTES / self.streams.max(1)).clamp(STAGE_BYTES_MIN, STAGE_BYTES_MAX)
    }

    /// The number under which we register at the source: derived from what is moved, so that a restart bears the same one, and
    /// above the numbers that people give.
    fn server_id(&self, role: &str) -> u32 {
        let text = format!(
            "{}/{}/{}/{role}",
            self.database,
            self.direction.word(),
            self.to.host()
        );
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
        }) | 0x8000_0000
    }

    /// The same plan, with that server as its source and no other that may take its place (rule 5).
    pub(crate) fn of_server(&self, identity: &str) -> StreamPlan {
        StreamPlan {
            from: self.from.of_server(identity),
            ..self.clone()
        }
    }

    /// [`StreamPlan::of_server`] with the server in whose log the stream stands: what is compared with a position of the stream's, or read from one, must
    /// come from there.
    pub async fn at_its_server(&self) -> Result<StreamPlan, ReplicateError> {
        let mut target = server::reader(&self.to).await?;
        let begun = state::peek(&mut target, self.direction, &self.database).await?;
        Ok(match begun {
            Some(checkpoint) => self.of_server(&checkpoint.source_identity),
            None => self.clone(),
        })
    }

    /// Opens a reader of the source's log that is separate from the stream's own.
    pub async fn open_log(
        &self,
        role: &str,
        schema: Schema,
        from: LogPosition,
    ) -> Result<LogReader, ReplicateError> {
        let mut session = server::reader(&self.from).await?;
        let flavour = server::version(&mut session).await?.flavour;
        let owner = LogOwner {
            address: self.from.clone(),
            flavour,
            identity: None,
            server_id: self.server_id(role),
        };
        LogReader::open(owner, schema, from).await
    }

    /// Opens the log of the server of that identity, for no table.
    pub(crate) async fn open_log_of(
        &self,
        identity: &str,
        from: LogPosition,
    ) -> Result<LogReader, ReplicateError> {
        let schema = Schema::of_nothing(&self.database);
        LogReader::open(self.log_owner("spool", identity), schema, from).await
    }

    fn log_owner(&self, role: &str, identity: &str) -> LogOwner {
        LogOwner {
            address: self.from.clone(),
            flavour: Flavour::of(identity),
            identity: Some(identity.to_owned()),
            server_id: self.server_id(role),
        }
    }

    /// Opens the stream's own reader at its checkpoint, in the spool if that holds it.
    pub(crate) async fn open_stream_log(
        &self,
        checkpoint: &Checkpoint,
        spool: Option<&Spool>,
    ) -> Result<LogReader, ReplicateError> {
        let owner = self.log_owner("stream", &checkpoint.source_identity);
        let (schema, from) = (checkpoint.schema.clone(), checkpoint.position.clone());
        match spool.and_then(|spool| spool.reader_from(&from)) {
            Some(spool) => Ok(LogReader::open_spool(spool, owner, schema, from)),
            None => LogReader::open(owner, schema, from).await,
        }
    }
}
