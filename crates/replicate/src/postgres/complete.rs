//! Completes the target when its tables stand at one moment: what of the schema waited for that, and large objects.

use super::large_object;
use super::plan::StreamPlan;
use super::schema::Stage;
use super::session::Session;
use crate::error::ReplicateError;

/// Makes all of the schema that is not made yet: foreign keys hold now. Then carries large objects, of which no stream tells; what of them changes later
/// is found at the end.
pub(super) async fn complete(plan: &StreamPlan) -> Result<(), ReplicateError> {
    let Some(maker) = plan.maker() else {
        return Ok(());
    };
    maker.make(&Stage::ALL, None).await?;
    let mut source = Session::open(&plan.from).await?;
    let mut target = Session::open(&plan.to).await?;
    large_object::carry(&mut source, &mut target)
        .await
        .map(drop)
}
