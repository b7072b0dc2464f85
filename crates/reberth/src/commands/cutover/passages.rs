//! Which passages there were, and what the next one takes from the last.

use reberth_cutover::{
    CUTOVER, Engine, Passage, WAY_BACK, base_from_history, cutover_steps, way_back_steps,
};
use reberth_journal::{Journal, RunHistory, RunId, RunState, Step};
use reberth_replicate::mysql::state::Direction;

use crate::failure::{CliError, Failure};

/// Which passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    There,
    Back,
}

impl Way {
    pub(super) fn kind(self) -> &'static str {
        match self {
            Way::There => CUTOVER,
            Way::Back => WAY_BACK,
        }
    }

    pub(super) fn direction(self) -> Direction {
        match self {
            Way::There => Direction::Forward,
            Way::Back => Direction::Reverse,
        }
    }

    /// What starts the stream again that a passage took over and did not finish.
    pub(super) fn stream_again(self) -> &'static str {
        match self {
            Way::There => "go on with `reberth replicate start`",
            Way::Back => "go on with `reberth replicate start --reverse`",
        }
    }

    pub(super) fn steps<E: Engine>(self) -> Vec<Box<dyn Step<Passage<E>>>> {
        match self {
            Way::There => cutover_steps(),
            Way::Back => way_back_steps(),
        }
    }
}

/// The newest run of a kind about a database, with its history, if there is one.
pub(super) fn latest(
    journal: &Journal,
    kind: &str,
    database: &str,
) -> Result<Option<(RunId, RunHistory)>, Failure> {
    let Some(run) = journal.latest_run_about(kind, database)? else {
        return Ok(None);
    };
    let history = journal.history(&run)?;
    Ok(Some((run, history)))
}

/// All runs of a kind with their histories, oldest first.
pub(super) fn runs_of(journal: &Journal, kind: &str) -> Result<Vec<(RunId, RunHistory)>, Failure> {
    let mut runs = Vec::new();
    for run in journal.runs()? {
        let history = journal.history(&run)?;
        if history.kind() == kind {
            runs.push((run, history));
        }
    }
    Ok(runs)
}

/// All runs of a kind about a database with their histories, oldest first.
pub(super) fn runs_about(
    journal: &Journal,
    kind: &str,
    database: &str,
) -> Result<Vec<(RunId, RunHistory)>, Failure> {
    let mut runs = runs_of(journal, kind)?;
    runs.retain(|(_, history)| history.is_about(database));
    Ok(runs)
}

/// Which passage of a database was the last to come to its end, if any.
fn last_done(journal: &Journal, database: &str) -> Result<Option<(Way, RunHistory)>, Failure> {
    let mut last: Option<(u64, Way, RunHistory)> = None;
    for way in [Way::There, Way::Back] {
        for (run, history) in runs_about(journal, way.kind(), database)? {
            let end = journal.events(&run)?.last().map_or(0, |event| event.seq);
            let is_done = *history.state() == RunState::Done;
            if is_done && last.as_ref().is_none_or(|(seq, ..)| end > *seq) {
                last = Some((end, way, history));
            }
        }
    }
    Ok(last.map(|(_, way, history)| (way, history)))
}

/// Refuses a passage from a side where the writes are not; gives the passage what the one before it left.
pub(super) fn join_on<E: Engine>(
    way: Way,
    journal: &Journal,
    database: &str,
    passage: &mut Passage<E>,
) -> Result<(), Failure> {
    let last = last_done(journal, database)?;
    let refuse = |why: &str| {
        let why = why.to_owned();
        CliError::Argument {
            argument: "cutover",
            given: way.kind().to_owned(),
            why,
        }
    };
    match (way, last) {
        (Way::There, Some((Way::There, _))) => {
            return Err(refuse(
                "the application is on the target already; `reberth cutover way-back` leads back",
            )
            .into());
        }
        (Way::Back, None | Some((Way::Back, _))) => {
            return Err(refuse(
                "the application is on the source; there is nothing to go back from",
            )
            .into());
        }
        (Way::There, None) => {}
        (Way::There, Some((Way::Back, history))) | (Way::Back, Some((Way::There, history))) => {
            let (armed_from, locked) = base_from_history::<E>(&history);
            passage.locked_at_destination = locked;
            if way == Way::Back {
                passage.equal_until = armed_from;
            }
        }
    }
    Ok(())
}
