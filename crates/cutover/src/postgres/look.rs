//! Who will be shut out of the side that is left, and who let in on the other.

use std::collections::BTreeSet;

use reberth_replicate::postgres::capture::fence as triggers;
use reberth_replicate::postgres::session::Session;

use super::fence::{list, refuse, refuse_obstacles};
use super::{Postgres, canary, roles};
use crate::engine::Destination;
use crate::error::CutoverError;
use crate::passage::{Passage, Side};

/// Roles that the fence locks: those in reach. All others are stopped by the triggers alone, which the account must be able to make.
pub(super) async fn at_origin(
    passage: &mut Passage<Postgres>,
) -> Result<Vec<String>, CutoverError> {
    let mut session = Session::open(&passage.from.fence).await?;
    refuse_obstacles(&mut session, passage.from.name).await?;
    require_ownership(&mut session, &passage.from).await?;
    let ours = ours(
        &passage.from,
        &[passage.stream.from.user(), passage.back.to.user()],
    );
    let writers = roles::read(&mut session).await?.into_iter().filter(|role| {
        role.can_log_in
            && role.is_in_reach
            && !ours.contains(role.name.as_str())
            && !passage.exempt.contains(&role.name)
    });
    Ok(writers.map(|role| role.name).collect())
}

/// The roles that will be let in. The side must be shut for the application until then, or there would be two writers.
pub(super) async fn at_destination(
    passage: &mut Passage<Postgres>,
) -> Result<Destination<String>, CutoverError> {
    let to = passage.to.clone();
    let side = to.name;
    let mut session = Session::open(&to.fence).await?;
    refuse_obstacles(&mut session, side).await?;
    require_ownership(&mut session, &to).await?;
    let is_shut_by_triggers = triggers::read(&mut session).await?.open.is_empty();
    let names: BTreeSet<String> = passage
        .writers
        .iter()
        .chain(&passage.locked_at_destination)
        .cloned()
        .chain([to.app.user().to_owned()])
        .collect();
    let (known, others): (Vec<_>, Vec<_>) = roles::read(&mut session)
        .await?
        .into_iter()
        .partition(|role| names.contains(&role.name));
    let open: Vec<String> = known
        .iter()
        .filter(|role| role.can_log_in && !is_shut_by_triggers)
        .map(|role| role.name.clone())
        .collect();
    if !open.is_empty() {
        return Err(refuse(
            side,
            format!(
                "{} can write there before the {side} is opened; lock it (ALTER ROLE ... NOLOGIN)",
                list(&open)
            ),
        ));
    }
    let locked: Vec<_> = known.iter().filter(|role| !role.can_log_in).collect();
    refuse_sessions(&mut session, side, &locked).await?;
    if let Some(role) = locked.iter().find(|role| !role.is_in_reach) {
        return Err(CutoverError::NotOpen {
            side,
            reason: format!(
                "{} may not let {} log in: give it CREATEROLE, and from version 16 on ADMIN on that role",
                to.fence.user(),
                role.name
            ),
        });
    }
    if !known.iter().any(|role| role.name == to.app.user()) {
        return Err(CutoverError::NotOpen {
            side,
            reason: format!(
                "the role {} has no right to write to the tables there",
                to.app.user()
            ),
        });
    }
    let opens = locked.iter().map(|role| role.name.clone()).collect();
    let words = passage.prove_shut(&to).await?;
    if !canary::is_shut(&words) {
        return Err(CutoverError::NotOpen {
            side,
            reason: words,
        });
    }
    let others = others.into_iter().filter(|role| role.can_log_in);
    Ok(Destination {
        opens,
        others: others.map(|role| role.name).collect(),
    })
}

/// A session that was open before its role was locked writes on.
async fn refuse_sessions(
    session: &mut Session,
    side: &'static str,
    locked: &[&roles::Role],
) -> Result<(), CutoverError> {
    let sql = "SELECT usename FROM pg_stat_activity WHERE datname = current_database() AND usename IS NOT NULL";
    let running: Vec<(String,)> = session.rows("listing sessions", sql).await?;
    let open = running
        .iter()
        .filter(|(name,)| locked.iter().any(|role| role.name == *name))
        .count();
    match open {
        0 => Ok(()),
        open => Err(refuse(
            side,
            format!(
                "{open} session(s) of the application's roles are open there although these may not log in; end them"
            ),
        )),
    }
}

async fn require_ownership(session: &mut Session, side: &Side) -> Result<(), CutoverError> {
    let foreign = roles::foreign_tables(session).await?;
    if foreign.is_empty() {
        return Ok(());
    }
    Err(refuse(
        side.name,
        format!(
            "{} owns neither {} nor {} other table(s), so it cannot make the triggers of the fence: GRANT their owner to it",
            side.fence.user(),
            foreign.first().map_or("", String::as_str),
            foreign.len() - 1
        ),
    ))
}

/// Names of our own roles on a side. One that is the application's too cannot be locked: the triggers tell its sessions from ours.
fn ours<'a>(side: &'a Side, streams: &[&'a str]) -> BTreeSet<&'a str> {
    [side.fence.user(), side.writer.user()]
        .into_iter()
        .chain(streams.iter().copied())
        .collect()
}
