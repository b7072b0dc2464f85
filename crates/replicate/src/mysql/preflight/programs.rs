//! Views, routines, triggers and events: which there are, which the reader may see, and whether the target lets them be made.

use std::collections::BTreeSet;

use super::{Preflight, Verdict};
use crate::connection::Session;
use crate::error::ReplicateError;
use crate::mysql::log::OWN_SCHEMA;
use crate::mysql::objects::{self, Account, Found, Kind, definer, right};
use crate::mysql::pipeline::StreamPlan;
use crate::mysql::server::{self, Flavour};
use crate::mysql::sql_mode;
use crate::mysql::value::quote_text;

/// What stands beside the tables.
pub(super) async fn probe(
    plan: &StreamPlan,
    source: &mut Session,
    target: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let programs = objects::read(source, &plan.database).await?;
    for kind in Kind::ALL {
        note_kind(&programs, kind, found);
    }
    probe_packages(plan, source, found).await?;
    if programs.programs.is_empty() {
        return Ok(());
    }
    probe_modes(&programs, server::version(target).await?.flavour, found);
    probe_clock(&programs, source, target, found).await?;
    // Trying makes something on the target, in Reberth's own schema. Before there is one, the server's settings must tell.
    let has_own_schema = has_database(target, OWN_SCHEMA).await?;
    probe_right_to_make(&programs, has_own_schema, target, found).await?;
    if has_own_schema {
        probe_definers(&programs, target, found).await?;
    }
    if has_database(target, &plan.database).await? {
        probe_right_to_compare(plan, &programs, target, found).await?;
    }
    Ok(())
}

fn note_kind(programs: &Found, kind: Kind, found: &mut Preflight) {
    let subject = format!("{}s", kind.word());
    let names: Vec<&str> = programs
        .programs
        .keys()
        .filter(|(other, _)| *other == kind)
        .map(|(_, name)| name.as_str())
        .collect();
    let how = match kind {
        Kind::Function | Kind::Procedure | Kind::View => {
            "made on the target once all tables stand, and brought level behind the fence"
        }
        Kind::Trigger => {
            "made on the target after the drain (state 16), because a server runs them for replicated rows too; the source's are taken off for as long as the way back streams into it"
        }
        Kind::Event => {
            "made on the target disabled; those that run on the source are switched off before the fence, and on at the target after the switch"
        }
    };
    if !names.is_empty() {
        found.note(&subject, Verdict::Handled(how.to_owned()), names.join(", "));
    }
    for (_, right) in programs.hidden.iter().filter(|(hidden, _)| *hidden == kind) {
        let how = format!(
            "not carried: the reader may not see whether there are any; GRANT {right} to the reader if there are"
        );
        found.note(
            &format!("{subject} not visible"),
            Verdict::Handled(how),
            "optional right missing",
        );
    }
    for (_, name, reason) in programs
        .unreadable
        .iter()
        .filter(|(other, ..)| *other == kind)
    {
        let remedy = "mend or drop it on the source, or grant the reader what the server names";
        found.note(
            &format!("{} {name}", kind.word()),
            Verdict::Blocker(remedy.to_owned()),
            reason.clone(),
        );
    }
}

/// MariaDB's packages are routines of the Oracle mode, which only MariaDB knows.
async fn probe_packages(
    plan: &StreamPlan,
    source: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let sql = format!(
        "SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {} AND ROUTINE_TYPE LIKE 'PACKAGE%' ORDER BY 1",
        quote_text(&plan.database)
    );
    let names: Vec<String> = source.rows("listing packages", sql).await?;
    if !names.is_empty() {
        found.note("packages", Verdict::Blocker("this version does not carry packages: script and drop them on the source, and make them again after the cutover".to_owned()), names.join(", "));
    }
    Ok(())
}

/// A program in a dialect of MariaDB, such as Oracle's, would do something else in MySQL.
fn probe_modes(programs: &Found, target: Flavour, found: &mut Preflight) {
    for program in programs.programs.values() {
        let missed = sql_mode::missed_by(&program.sql_mode, program.flavour, target);
        if !missed.is_empty() {
            found.note(
                &format!("{} {}", program.kind.word(), program.name),
                Verdict::Blocker(
                    "make it anew on the source so that it does without that mode, which the target does not have".to_owned(),
                ),
                format!("sql_mode {}", missed.join(", ")),
            );
        }
    }
}

/// Events that follow the server's own clock follow the target's there.
async fn probe_clock(
    programs: &Found,
    source: &mut Session,
    target: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let follows_server = |program: &&objects::Program| {
        program
            .time_zone
            .as_deref()
            .is_some_and(|zone| zone.eq_ignore_ascii_case("SYSTEM"))
    };
    if programs.programs.values().filter(follows_server).count() == 0 {
        return Ok(());
    }
    let sql = "SELECT @@system_time_zone";
    let here: Option<String> = source.row("asking for the time zone", sql).await?;
    let there: Option<String> = target.row("asking for the time zone", sql).await?;
    if here != there {
        found.note(
            "time zone of events",
            Verdict::Handled(
                "events whose time zone is SYSTEM go by the target's clock".to_owned(),
            ),
            format!("source {here:?}, target {there:?}"),
        );
    }
    Ok(())
}

async fn has_database(target: &mut Session, name: &str) -> Result<bool, ReplicateError> {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
        quote_text(name)
    );
    let schema: Option<u64> = target.row("looking for a database", sql).await?;
    Ok(schema == Some(1))
}

/// A server that logs refuses functions and triggers from accounts without SUPER (errors 1418 and 1419), unless it is told to trust them.
async fn probe_right_to_make(
    programs: &Found,
    has_own_schema: bool,
    target: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let concerned = |(kind, _): &&(Kind, String)| matches!(kind, Kind::Function | Kind::Trigger);
    if programs.programs.keys().filter(concerned).count() == 0 {
        return Ok(());
    }
    let (refusal, how) = match has_own_schema {
        true => (
            right::to_make_functions(target).await?,
            "tried on the target",
        ),
        false => (
            right::refused_by_settings(target).await?,
            "by the target's settings and the writer's rights",
        ),
    };
    match refusal {
        None => found.note("right to make functions and triggers", Verdict::Fine, how),
        Some(refusal) => found.note(
            "right to make functions and triggers",
            Verdict::Blocker("set log_bin_trust_function_creators=1 on the target (with a managed provider: in its parameter group), and give the writer ALL on the database and on reberth.*".to_owned()),
            refusal,
        ),
    }
    Ok(())
}

/// A routine that keeps its definer on the target belongs to somebody else than the writer, who must be let read it to compare it.
async fn probe_right_to_compare(
    plan: &StreamPlan,
    programs: &Found,
    target: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let is_routine = |(kind, _): &(Kind, String)| matches!(kind, Kind::Function | Kind::Procedure);
    if !programs.programs.keys().any(is_routine) {
        return Ok(());
    }
    let hidden = objects::read(target, &plan.database).await?.hidden;
    if let Some((_, right)) = hidden.iter().find(|(kind, _)| *kind == Kind::Function) {
        let how = format!(
            "verify cannot compare routines whose definer is kept on the target, and says so; GRANT {right} to the writer to have them compared"
        );
        found.note(
            "right to compare routines",
            Verdict::Handled(how),
            "optional right missing",
        );
    }
    Ok(())
}

/// Definers that the target does not have.
async fn probe_definers(
    programs: &Found,
    target: &mut Session,
    found: &mut Preflight,
) -> Result<(), ReplicateError> {
    let definers: BTreeSet<&Account> = programs
        .programs
        .values()
        .filter_map(|program| program.definer.as_ref())
        .collect();
    for account in definers {
        let is_kept = definer::may_define(target, account).await?;
        let verdict = if is_kept {
            Verdict::Fine
        } else {
            Verdict::Handled("what it defines belongs to the writer, and from the cutover on to the application's account; to keep it, make the account on the target (`reberth replicate grants` writes it) and give the writer SET USER (MariaDB) or SET_ANY_DEFINER (MySQL)".to_owned())
        };
        let seen = if is_kept { "kept" } else { "cannot be kept" };
        found.note(&format!("definer {account}"), verdict, seen);
    }
    Ok(())
}
