//! How a side is shut and opened: by what the policy names for it.

use reberth_replicate::mysql::schema::Schema;
use serde_json::{Value, json};

use super::MySql;
use super::fence::canary;
use super::fence::provider::Change;
use crate::engine::Answer;
use crate::error::CutoverError;
use crate::passage::{FencedBy, Passage, ProviderFence, Side};

/// Shuts out everyone who can write to the side that has the writes.
pub(super) async fn raise(passage: &mut Passage<MySql>) -> Result<Value, CutoverError> {
    let (side, schema) = (passage.from.clone(), passage.schema().await?);
    let mut fence = passage.fence_of_origin().await?;
    match &side.fenced_by {
        FencedBy::Accounts => fence.raise(&passage.writers).await,
        FencedBy::ReadOnly => {
            let raised = fence.raise_read_only().await?;
            require_writing_back(&side, &schema).await?;
            Ok(raised)
        }
        FencedBy::Provider(provider) => {
            let change = change(provider, &side, &schema, passage);
            fence.raise_by_provider(&passage.writers, &change).await
        }
    }
}

/// Undoes [`raise`].
pub(super) async fn lift(passage: &mut Passage<MySql>) -> Result<(), CutoverError> {
    let (side, schema) = (passage.from.clone(), passage.schema().await?);
    let mut fence = passage.fence_of_origin().await?;
    match &side.fenced_by {
        FencedBy::Accounts => fence.lift(&passage.writers).await,
        FencedBy::ReadOnly => fence.lift_read_only().await,
        FencedBy::Provider(provider) => {
            let change = change(provider, &side, &schema, passage);
            fence.lift_by_provider(&change).await
        }
    }
}

/// Lets the application in on the other side.
pub(super) async fn open(passage: &mut Passage<MySql>) -> Result<(), CutoverError> {
    let (side, schema) = (passage.to.clone(), passage.schema().await?);
    let mut fence = passage.fence_of_destination().await?;
    match &side.fenced_by {
        FencedBy::Accounts => fence.lift(&passage.opens).await,
        FencedBy::ReadOnly => fence.lift_read_only().await,
        FencedBy::Provider(provider) => {
            let change = change(provider, &side, &schema, passage);
            fence.lift_by_provider(&change).await
        }
    }
}

/// Undoes [`open`]. For the evidence.
pub(super) async fn shut(passage: &mut Passage<MySql>) -> Result<Value, CutoverError> {
    let (side, schema) = (passage.to.clone(), passage.schema().await?);
    let mut fence = passage.fence_of_destination().await?;
    match &side.fenced_by {
        FencedBy::Accounts => {
            // Also when they are locked already: a process that died in between may have left their sessions.
            let ended = fence.shut(&passage.opens).await?;
            let locked: Vec<String> = passage.opens.iter().map(ToString::to_string).collect();
            Ok(json!({ "accounts_locked": locked, "sessions_ended": ended }))
        }
        FencedBy::ReadOnly => fence.raise_read_only().await,
        FencedBy::Provider(provider) => {
            let writers = fence.writers().await?;
            let noted: Vec<_> = writers
                .into_iter()
                .filter(|writer| !writer.is_locked)
                .map(|writer| writer.account)
                .collect();
            let change = change(provider, &side, &schema, passage);
            fence.raise_by_provider(&noted, &change).await
        }
    }
}

fn change<'a>(
    provider: &'a ProviderFence,
    side: &'a Side,
    schema: &'a Schema,
    passage: &'a Passage<MySql>,
) -> Change<'a> {
    Change {
        provider,
        app: &side.app,
        schema,
        herald: &passage.herald,
    }
}

/// Refuses a fence behind which the stream back could not write.
async fn require_writing_back(side: &Side, schema: &Schema) -> Result<(), CutoverError> {
    match canary::send(&side.writer, schema).await? {
        Answer::Accepted(_) => Ok(()),
        Answer::Refused(words) => Err(CutoverError::NotFenced {
            side: side.name,
            reason: format!(
                "read_only stops {} too, which writes the way back: {words}",
                side.writer.user()
            ),
        }),
    }
}
