//! `reberth provision apply`: what was approved, root by root.

mod report;
mod told;

use std::sync::Arc;

use reberth_journal::{Engine, Journal, RunId, RunState};
use reberth_provision::{
    Applying, ApprovedPlan, Clockwork, Message, Moment, PROVISION, PlanRecord, Planned, Site,
    Watcher, plan, steps,
};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::report::Report;
use super::shown;
use super::sites::Sites;
use crate::cli::ProvisionApplyArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;

/// What became of one root.
enum Came {
    UpToDate,
    Applied,
    /// For the approval of this hash.
    Waits(String),
}

/// Goes through the roots in order, and stops at the first that waits for a person or fails.
///
/// A root that only takes things out comes after those behind it, the last of them first: they may use what goes until they are applied themselves. Afterwards
/// all are looked at once more, since roots read outputs of those before them.
pub(super) async fn run(
    sites: &Sites,
    args: &ProvisionApplyArgs,
    project: &Project,
    output: &Output,
) -> Result<Exit, Failure> {
    let journal = project.journal()?;
    let (interrupts, _listening) = watch_signals(output)?;
    let chosen = sites.chosen();
    let mut report = Report::default();
    loop {
        let mut put_off = Vec::new();
        for (index, site) in chosen.iter().enumerate() {
            let root = Root {
                site,
                behind: sites.behind(index),
                journal: &journal,
                interrupts: &interrupts,
                output,
            };
            let turn = root.turn().await?;
            if turn.takes_out_only() && index + 1 < chosen.len() {
                root.put_off(&turn, &mut report)?;
                put_off.push((root, turn));
            } else if root.waits(turn, args, &mut report).await? {
                return Ok(Exit::Waiting);
            }
        }
        if put_off.is_empty() {
            break;
        }
        for (root, turn) in put_off.into_iter().rev() {
            if root.waits(turn, args, &mut report).await? {
                return Ok(Exit::Waiting);
            }
        }
    }
    output.report("every root is as its files say", &report.document())?;
    Ok(Exit::Done)
}

/// One root at its turn.
struct Root<'a> {
    site: &'a Site,
    /// The roots that may read its outputs.
    behind: &'a [Site],
    journal: &'a Journal,
    interrupts: &'a watch::Receiver<u32>,
    output: &'a Output,
}

/// What is to be done with a root.
struct Turn {
    /// `None` where nothing changes.
    plan: Option<PlanRecord>,
    /// Whether a person was shown the plan before this turn.
    was_shown: bool,
    /// Whether this very plan is being applied, or was in part.
    has_begun: bool,
    /// A run that was begun, with this plan or an older one.
    unfinished: Option<RunId>,
}

impl Turn {
    /// A plan that was begun is never put off.
    fn takes_out_only(&self) -> bool {
        let mut plan = self.plan.iter();
        !self.has_begun && plan.any(|record| record.changeset.takes_out_only())
    }
}

impl Root<'_> {
    async fn turn(&self) -> Result<Turn, Failure> {
        let unfinished = self.unfinished()?;
        let known = match (self.site.stored_plan()?, &unfinished) {
            (None, Some(_)) => self.begun_plan()?,
            (stored, _) => stored,
        };
        let plan = match known {
            Some(record) => Some(record),
            None => {
                let name = &self.site.root().name;
                self.output.progress(format!("planning {name}"));
                match plan(self.site).await? {
                    Planned::UpToDate => None,
                    Planned::Changes(record) => Some(*record),
                }
            }
        };
        let (was_shown, has_begun) = match &plan {
            None => (false, false),
            Some(record) => (self.site.was_shown(record)?, self.site.has_begun(record)?),
        };
        Ok(Turn {
            plan,
            was_shown,
            has_begun,
            unfinished,
        })
    }

    /// The plan of a run that was begun with it: the run goes on with it also when the plan's file is gone already.
    fn begun_plan(&self) -> Result<Option<PlanRecord>, Failure> {
        Ok(match self.site.last_plan()? {
            Some(record) if self.site.has_begun(&record)? => Some(record),
            _ => None,
        })
    }

    /// Shows the plan of a root that comes later, while nothing behind it is touched: what nobody saw is not approved, and what the rules refuse holds up
    /// those behind as well.
    fn put_off(&self, turn: &Turn, report: &mut Report) -> Result<(), Failure> {
        let Some(record) = &turn.plan else {
            return Ok(());
        };
        let hash = record.hash();
        if !turn.was_shown && self.journal.approval(&hash)?.is_none() {
            self.output.note(shown::put_off(record));
            self.site.keep_shown(record)?;
        }
        record.check_not_refused()?;
        report.tell(json!({ "root": record.root, "came": "put_off", "hash": hash }));
        Ok(())
    }

    /// Carries out a turn and writes down what came of it; whether it waits for a person.
    async fn waits(
        &self,
        turn: Turn,
        args: &ProvisionApplyArgs,
        report: &mut Report,
    ) -> Result<bool, Failure> {
        let name = &self.site.root().name;
        match self.go_on(turn, args).await? {
            Came::UpToDate => report.tell(json!({ "root": name, "came": "up_to_date" })),
            Came::Applied => {
                self.output
                    .note(format!("{name}: applied, and a second plan is empty"));
                report.tell(json!({ "root": name, "came": "applied" }));
            }
            Came::Waits(hash) => {
                self.output
                    .event("waiting", &json!({ "root": name, "hash": hash }));
                report.tell(json!({ "root": name, "came": "waiting", "hash": hash }));
                let text = format!(
                    "{name} waits. To apply exactly this, run `reberth approve {hash} --by NAME` and the same command again"
                );
                self.output.report(text, &report.document())?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn go_on(&self, turn: Turn, args: &ProvisionApplyArgs) -> Result<Came, Failure> {
        let Some(record) = turn.plan else {
            return Ok(Came::UpToDate);
        };
        let hash = record.hash();
        if self.journal.approval(&hash)?.is_none() {
            self.output.note(shown::plan(&record));
            self.site.keep_shown(&record)?;
            record.check_not_refused()?;
            if !(args.apply && turn.was_shown) {
                return Ok(Came::Waits(hash));
            }
            self.journal.approve(&hash, &args.by)?;
        }
        self.apply(record, turn.unfinished, &args.by).await
    }

    /// Drops plans of roots behind that were made from outputs that this one changes, whether its apply comes to its end or not.
    fn dropping_outdated(&self, record: &PlanRecord) -> Moment {
        let (behind, root) = match record.changeset.outputs.is_empty() {
            true => (Vec::new(), String::new()),
            false => (self.behind.to_vec(), record.root.clone()),
        };
        let output = self.output.clone();
        Arc::new(move || {
            for site in &behind {
                if site.discard_outdated()? {
                    output.note(format!(
                        "{}: its plan is dropped, because it may read outputs that {root} changes; it is planned anew",
                        site.root().name
                    ));
                }
            }
            Ok(())
        })
    }

    fn unfinished(&self) -> Result<Option<RunId>, Failure> {
        let name = &self.site.root().name;
        let Some(run) = self.journal.latest_run_about(PROVISION, name)? else {
            return Ok(None);
        };
        let is_final = self.journal.history(&run)?.state().is_final();
        Ok((!is_final).then_some(run))
    }

    async fn apply(
        &self,
        record: PlanRecord,
        unfinished: Option<RunId>,
        by: &str,
    ) -> Result<Came, Failure> {
        let root = record.root.clone();
        let approval = self.journal.approval(&record.hash())?;
        let plan = approval.and_then(|approval| ApprovedPlan::new(record.clone(), &approval));
        let Some(plan) = plan else {
            return Ok(Came::Waits(record.hash()));
        };
        let drop_outdated = self.dropping_outdated(&record);
        if let Some(run) = unfinished
            && matches!(self.journal.history(&run)?.state(), RunState::Stuck { .. })
        {
            self.journal.request_retry(&run, by)?;
        }
        let output = self.output.clone();
        let named = root.clone();
        let mut applying = Applying {
            site: self.site.clone(),
            plan,
            watcher: Watcher {
                tell: Arc::new(move |message: &Message| told::tell(&named, message, &output)),
                interrupts: self.interrupts.clone(),
            },
            before: drop_outdated.clone(),
        };
        let steps = steps();
        let outcome = Engine::new(self.journal, &Clockwork)
            .start_or_resume_about(PROVISION, Some(&root), &steps, &mut applying)
            .await?;
        // Somebody may have planned while the outputs changed.
        let is_done = matches!(outcome.state, RunState::Done);
        if is_done || self.site.has_begun(&record)? {
            drop_outdated()?;
        }
        match outcome.state {
            RunState::Done => Ok(Came::Applied),
            _ => Err(told::failure(self.journal, &outcome.run)?),
        }
    }
}

/// Counts how often a person, or the system, asked this process to stop, as long as the task that listens is kept.
fn watch_signals(output: &Output) -> Result<(watch::Receiver<u32>, JoinSet<()>), Failure> {
    let unheard = |error| Failure::io("signals cannot be received", error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(unheard)?;
    let (sender, receiver) = watch::channel(0);
    let output = output.clone();
    let mut listening = JoinSet::new();
    listening.spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            sender.send_modify(|count| *count += 1);
            output.note(match *sender.borrow() {
                1 => "stopping: what is under way is finished and written to the state. Once more leaves it to itself",
                _ => "leaving it to itself",
            });
        }
    });
    Ok((receiver, listening))
}
