//! What a stream moves, and between whom.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::connection::Address;
use crate::postgres::schema::{Maker, PgDump};
use crate::postgres::state::Method;
use crate::sealed::SpoolPlan;
use crate::stream::Direction;

/// What a stream moves, and between whom.
#[derive(Clone, Debug)]
pub struct StreamPlan {
    /// Name of the database on both sides.
    pub database: String,
    /// Which way it flows.
    pub direction: Direction,
    /// Reads rows and changes.
    pub from: Address,
    /// Writes rows and state.
    pub to: Address,
    /// How changes are learnt.
    pub method: Method,
    /// The `pg_dump` that reads the schema: as new as the newer of the two servers.
    pub pg_dump: PathBuf,
    /// Copy workers.
    pub workers: usize,
    /// Bytes a second that the copy reads at most, all workers together; `None`: as many as the source stands without suffering.
    pub bytes_per_s_most: Option<u64>,
    /// Where large transactions that the source sends in progress wait for their commit; `None`: the source keeps them until then.
    pub spool: Option<SpoolPlan>,
    /// Streams that run in this process, which share its memory.
    pub streams: usize,
}

/// Bytes of changes that all streams of a process may hold at once in one stage: being gathered, or on their way to the target.
const STAGE_BYTES: usize = 48 << 20;
/// A stage of one stream holds no more; more was not faster.
const STAGE_BYTES_MAX: usize = 8 << 20;
/// Nor less: a batch must be worth its round trips.
const STAGE_BYTES_MIN: usize = 1 << 20;
/// Bytes of transactions in progress that all streams of a process hold in memory; what is more goes to disk.
const WAITING_BYTES: usize = 16 << 20;
/// One stream holds no more of them, nor less: a frame is to be worth its write.
const WAITING_BYTES_MAX: usize = 8 << 20;
const WAITING_BYTES_MIN: usize = 1 << 20;

impl StreamPlan {
    /// Bytes of changes that one stage of this stream holds at the most.
    pub(crate) fn stage_bytes(&self) -> usize {
        (STAGE_BYTES / self.streams.max(1)).clamp(STAGE_BYTES_MIN, STAGE_BYTES_MAX)
    }

    /// Bytes of transactions in progress that this stream holds in memory at the most.
    pub(crate) fn waiting_bytes(&self) -> usize {
        (WAITING_BYTES / self.streams.max(1)).clamp(WAITING_BYTES_MIN, WAITING_BYTES_MAX)
    }

    /// As many turns as it wants, for a stream that runs alone.
    pub(crate) fn own_turns(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(self.workers.max(1)))
    }

    /// What makes the schema on the target; nothing on the way back, where it is there.
    pub(crate) fn maker(&self) -> Option<Maker> {
        let is_forward = self.direction == Direction::Forward;
        is_forward.then(|| Maker::new(&self.to, self.workers, &[]))
    }

    /// What reads the schema.
    pub fn pg_dump(&self) -> PgDump {
        PgDump::new(&self.pg_dump)
    }

    /// The name of what the stream makes on the server that it reads from: a slot, a publication. It is derived from what is moved and where to, so
    /// that a restart finds its own, and another target makes another.
    pub fn mark(&self) -> String {
        let text = format!(
            "{}/{}/{}",
            self.database,
            self.direction.word(),
            self.to.host()
        );
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("reberth_{hash:016x}")
    }

    /// The name of the slot that holds the log since a verification ([`super::base`]).
    pub fn base_slot(&self) -> String {
        format!("{}_base", self.mark())
    }
}
