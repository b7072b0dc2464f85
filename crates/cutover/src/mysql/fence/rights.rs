//! Which rights each way of fencing asks of the account that fences, and which of them it lacks: told while the application still writes.

use std::collections::BTreeSet;

use reberth_replicate::connection::Session;
use reberth_replicate::mysql::server::{self, Flavour, ServerVersion};

use super::global_right::GlobalRights;
use super::writers::{Edge, Name, edges, grantee, of_everybody, role_names};
use crate::error::CutoverError;
use crate::passage::FencedBy;

/// A right, and others that contain it.
type Right = &'static [&'static str];

/// Ends sessions of others.
const KILL: &str = "CONNECTION ADMIN";

/// What that way of fencing asks for. `only_the_application`: nobody else can write, so no session of others has to be ended.
fn asked(by: &FencedBy, version: &ServerVersion, only_the_application: bool) -> Vec<Right> {
    let is_mysql = version.flavour == Flavour::MySql;
    let kill: Right = match (is_mysql, is_before(version, 11, 0)) {
        (true, _) => &["CONNECTION_ADMIN", "SUPER"],
        (false, true) => &[KILL, "SUPER"],
        (false, false) => &[KILL],
    };
    let mut asked: Vec<Right> = vec![&["PROCESS"]];
    match by {
        FencedBy::Accounts => asked.extend([&["CREATE USER"] as Right, kill]),
        FencedBy::ReadOnly if is_mysql => {
            asked.extend([
                &["SYSTEM_VARIABLES_ADMIN", "SUPER"] as Right,
                // Else routines are not shown that write with their definers' rights.
                &["SHOW_ROUTINE", "SELECT"],
                kill,
            ]);
        }
        FencedBy::ReadOnly => asked.extend([beyond_read_only(version), kill]),
        // The application's own sessions are ended by one of them.
        FencedBy::Provider(_) if only_the_application => {}
        FencedBy::Provider(_) => asked.push(kill),
    }
    if is_mysql {
        asked.push(&["XA_RECOVER_ADMIN"]);
    }
    asked
}

/// Rights of which each lets an account write to a server that is `read_only`.
pub(super) fn beyond_read_only(version: &ServerVersion) -> Right {
    match version.flavour {
        Flavour::MySql => &["CONNECTION_ADMIN", "SUPER"],
        Flavour::MariaDb if is_before(version, 10, 11) => &["READ_ONLY ADMIN", "SUPER"],
        Flavour::MariaDb => &["READ_ONLY ADMIN"],
    }
}

/// Refuses a way of fencing for which this session lacks a right.
pub(super) async fn require(
    session: &mut Session,
    side: &'static str,
    by: &FencedBy,
    only_the_application: bool,
) -> Result<(), CutoverError> {
    let version = server::version(session).await?;
    let held = held(session, version.flavour).await?;
    let lacking: Vec<&str> = asked(by, &version, only_the_application)
        .into_iter()
        .filter(|right| right.iter().all(|name| !held.contains(*name)))
        .map(|right| right[0])
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let (user, lacking) = (session.address().user(), lacking.join(", "));
    Err(CutoverError::NotFenced {
        side,
        reason: format!(
            "{user}, which would fence it by {}, lacks {lacking}; GRANT {lacking} ON *.* to it, or choose another way (fence: by: in reberth.yaml)",
            by.name()
        ),
    })
}

/// Rights on everything that this session has, by its account and the roles that are on.
async fn held(session: &mut Session, flavour: Flavour) -> Result<BTreeSet<String>, CutoverError> {
    let names: Option<(String, Option<String>)> = session
        .row(
            "asking for our own account",
            "SELECT CURRENT_USER(), CURRENT_ROLE()",
        )
        .await?;
    let (own, roles) = names.unwrap_or_default();
    let (user, host) = own.rsplit_once('@').unwrap_or((&own, "%"));
    let mut ours = vec![(user.to_owned(), host.to_owned())];
    for (name, host) in role_names(&roles.unwrap_or_default()) {
        match flavour {
            Flavour::MySql if name == "NONE" => {}
            Flavour::MySql => ours.push((name, host)),
            // A role has no host there.
            Flavour::MariaDb => ours.push((name, String::new())),
        }
    }
    ours.extend(of_everybody(session, flavour).await?);
    let edges = edges(session, flavour).await?;
    let grantees = roles_of(ours, &edges)
        .iter()
        .map(|(user, host)| grantee(user, host))
        .collect();
    Ok(GlobalRights::read(session, flavour).await?.of(&grantees))
}

/// The account and its active roles, with the roles that these were given; the first is the account, whose other roles are not on.
fn roles_of(ours: Vec<Name>, edges: &[Edge]) -> BTreeSet<Name> {
    let account = ours.first().cloned();
    let mut found: BTreeSet<Name> = ours.into_iter().collect();
    loop {
        let more: Vec<Name> = edges
            .iter()
            .map(|(user, host, role, of)| {
                ((user.clone(), host.clone()), (role.clone(), of.clone()))
            })
            .filter(|(holder, role)| {
                Some(holder) != account.as_ref() && found.contains(holder) && !found.contains(role)
            })
            .map(|(_, role)| role)
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// Whether a server is older than a version.
fn is_before(version: &ServerVersion, major: u32, minor: u32) -> bool {
    let mut numbers = version
        .text
        .split(|c: char| !c.is_ascii_digit())
        .map(|number| number.parse::<u32>().unwrap_or_default());
    let found = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    found < (major, minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_read_only_does_not_stop_depends_on_the_version() {
        let right = |flavour, text: &str| {
            beyond_read_only(&ServerVersion {
                flavour,
                text: text.to_owned(),
            })
        };
        let mariadb = |text| right(Flavour::MariaDb, text);
        assert_eq!(mariadb("10.6.21-MariaDB"), ["READ_ONLY ADMIN", "SUPER"]);
        assert_eq!(mariadb("10.11.19-MariaDB-0+deb12u1"), ["READ_ONLY ADMIN"]);
        assert_eq!(mariadb("11.4.2-MariaDB"), ["READ_ONLY ADMIN"]);
        assert_eq!(
            right(Flavour::MySql, "8.0.42"),
            ["CONNECTION_ADMIN", "SUPER"]
        );
    }

    #[test]
    fn only_roles_that_are_on_give_rights() {
        let name = |user: &str| (user.to_owned(), String::new());
        let edge =
            |to: &str, role: &str| (to.to_owned(), String::new(), role.to_owned(), String::new());
        let edges = [
            edge("fence", "off"),
            edge("fence", "on"),
            edge("on", "team"),
            edge("off", "more"),
        ];
        let found = roles_of(vec![name("fence"), name("on")], &edges);
        assert_eq!(found, ["fence", "on", "team"].map(name).into());
    }
}
