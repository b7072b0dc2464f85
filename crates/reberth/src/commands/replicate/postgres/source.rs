//! What a PostgreSQL stream writes on its source.

use reberth_replicate::postgres::capture::install::{self, Writes};
use reberth_replicate::postgres::capture::{Captured, keys};
use reberth_replicate::postgres::session::Session;
use reberth_replicate::postgres::state::Method;
use reberth_replicate::postgres::{pipeline::StreamPlan, table};

use crate::failure::Failure;
use crate::plan::{Plan, PostgresPlan};

/// Bytes of noted changes at which the capture switches itself off, before it fills the source's disk.
const NOTED_BYTES_MAX: u64 = 4 << 30;

/// What it writes there, in lines.
pub(in crate::commands::replicate) async fn writes(
    plan: &StreamPlan,
) -> Result<Vec<String>, Failure> {
    if plan.method == Method::Logical {
        return Ok(vec![
            format!(
                "the replication slot {} and the publication of the same name",
                plan.mark()
            ),
            "while the stream stands still, the source keeps its log for the slot".to_owned(),
        ]);
    }
    let mut source = Session::open(&plan.from).await?;
    let captured = captured(&mut source).await?;
    let writes = Writes::of(&captured, NOTED_BYTES_MAX);
    Ok(vec![
        "the schema reberth with a table of the keys that change".to_owned(),
        format!(
            "triggers on {} table(s), which note those keys in the application's own transactions",
            captured.len()
        ),
        format!("all statements together have the SHA-256 {}", writes.hash()),
    ])
}

/// The tables with their keys, as triggers note them.
async fn captured(source: &mut Session) -> Result<Vec<Captured>, Failure> {
    let tables = table::read(source).await?;
    Ok(keys::read(source, &tables).await?)
}

/// Whether a start makes triggers, which run in the application's own transactions: naming addresses is no consent to that.
pub(in crate::commands::replicate) fn begins_capture(plan: &Plan) -> bool {
    let is_capture =
        |plan: &PostgresPlan| plan.stream.method == Method::TriggerCapture && !plan.is_begun;
    matches!(plan, Plan::Postgres(plan) if is_capture(plan))
}

/// Makes the triggers of a stream that begins with them. It may be cut off and run again.
pub(in crate::commands::replicate) async fn prepare(plan: &Plan) -> Result<(), Failure> {
    if let Plan::Postgres(postgres) = plan
        && begins_capture(plan)
    {
        let mut source = Session::open(&postgres.stream.from).await?;
        let captured = captured(&mut source).await?;
        install::install(&mut source, &captured, NOTED_BYTES_MAX).await?;
    }
    Ok(())
}
