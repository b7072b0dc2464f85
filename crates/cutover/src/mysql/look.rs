//! Who will be locked on the side that is left, and who opened on the other.

use std::collections::BTreeSet;

use reberth_replicate::mysql::server;

use super::MySql;
use super::fence::{Account, Fence, Writer, list};
use crate::engine::Destination;
use crate::error::CutoverError;
use crate::passage::{FencedBy, Passage};

/// Everyone that the fence will lock: who can write, but for those that must.
pub(super) async fn at_origin(passage: &mut Passage<MySql>) -> Result<Vec<Account>, CutoverError> {
    let mut fence = passage.fence_of_origin().await?;
    fence.own_events().await?;
    fence.require_rights(Some(passage.from.app.user())).await?;
    let mut writers = fence.writers().await?;
    writers.retain(|writer| !writer.is_locked);
    match &passage.from.fenced_by {
        FencedBy::Accounts => fence.require_in_reach(&writers)?,
        FencedBy::ReadOnly => {
            fence.require_none_beyond_read_only().await?;
            let mut writer = server::writer(&passage.from.writer).await?;
            fence.require_writer_beyond_read_only(&mut writer).await?;
        }
        FencedBy::Provider(_) => fence.require_change_would_show(&writers)?,
    }
    let writers: Vec<Account> = writers.into_iter().map(|writer| writer.account).collect();
    let app = passage.from.app.user();
    if !writers.iter().any(|account| account.user == app) {
        return Err(fence.refuse(format!(
            "the application's account {app} is not among those that the fence can lock ({})",
            list(&writers)
        )));
    }
    Ok(writers)
}

/// The accounts that will be opened on the other side, and who else can write there. The application's accounts must be shut there until then, or there would be
/// two writers.
pub(super) async fn at_destination(
    passage: &mut Passage<MySql>,
) -> Result<Destination<Account>, CutoverError> {
    let side = passage.to.name;
    let mut fence = passage.fence_of_destination().await?;
    fence.require_no_other_source().await?;
    fence.require_rights(Some(passage.to.app.user())).await?;
    let names = names_of_the_application(passage, &fence);
    let (ours, others): (Vec<Writer>, Vec<Writer>) = fence
        .writers()
        .await?
        .into_iter()
        .partition(|writer| names.contains(&writer.account.user));
    match &passage.to.fenced_by {
        FencedBy::Accounts => require_locked(&mut fence, &ours, &names, side).await?,
        FencedBy::ReadOnly => {
            fence.require_read_only().await?;
            fence.require_none_beyond_read_only().await?;
        }
        FencedBy::Provider(_) => {
            fence
                .require_changed(&passage.locked_at_destination)
                .await?
        }
    }
    let app = passage.to.app.user();
    let opens = match passage.locked_at_destination.as_slice() {
        [] => ours.into_iter().map(|writer| writer.account).collect(),
        locked => locked.to_vec(),
    };
    if !opens.iter().any(|account| account.user == app) {
        return Err(CutoverError::NotOpen {
            side,
            reason: format!(
                "there is no locked account {app} that could write once it is unlocked"
            ),
        });
    }
    let to = passage.to.clone();
    let words = passage.prove_shut(&to).await?;
    // Both families say so of a locked account, and only when the password was right; and of a server that is read-only.
    let expected = match &to.fenced_by {
        FencedBy::Accounts => "is locked",
        FencedBy::ReadOnly => "--read-only",
        FencedBy::Provider(_) => "",
    };
    if !words.contains(expected) {
        return Err(CutoverError::NotOpen {
            side,
            reason: words,
        });
    }
    Ok(Destination {
        opens,
        others: others
            .into_iter()
            .filter(|writer| !writer.is_locked)
            .map(|writer| writer.account.to_string())
            .collect(),
    })
}

/// Refuses accounts of the application that are open there, or have a session.
async fn require_locked(
    fence: &mut Fence,
    ours: &[Writer],
    names: &BTreeSet<String>,
    side: &str,
) -> Result<(), CutoverError> {
    let open = ours.iter().filter(|writer| !writer.is_locked);
    let open = list(open.map(|writer| &writer.account));
    if !open.is_empty() {
        return Err(fence.refuse(format!("{open} can write there before the {side} is opened; lock it (ALTER USER ... ACCOUNT LOCK)")));
    }
    fence.require_in_reach(ours)?;
    let sessions = fence.sessions_of(names).await?;
    if sessions > 0 {
        return Err(fence.refuse(format!("{sessions} session(s) of the application's accounts are open there although these are locked; end them")));
    }
    Ok(())
}

/// The names under which the application, with its workers, logs in.
fn names_of_the_application(passage: &Passage<MySql>, fence: &Fence) -> BTreeSet<String> {
    let exempt = fence.exempt_names();
    let fenced = passage
        .writers
        .iter()
        .map(|account| account.user.as_str())
        .filter(|user| !exempt.contains(user));
    fenced
        .chain([passage.to.app.user()])
        .map(str::to_owned)
        .collect()
}
