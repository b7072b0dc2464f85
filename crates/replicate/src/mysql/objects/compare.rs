//! Whether two servers hold the same programs.

use super::definer;
use super::level::with_status;
use super::{Found, Kind, Program};
use crate::mysql::schema::translate;
use crate::mysql::server::Flavour;
use crate::mysql::sql_mode;

/// Whether two programs do the same: definers apart, which may have been replaced, and the status of events, which waits for the cutover.
///
/// Two servers of one family print one statement for one program. Two families do not; what they agree upon is the body as it was written, and how
/// it is declared.
pub fn is_equal(one: &Program, other: &Program) -> bool {
    let comparable = |program: &Program| with_status(&definer::without(&program.statement), true);
    let is_same_text = comparable(one) == comparable(other)
        && (&one.sql_mode, &one.charset, &one.collation, &one.time_zone)
            == (
                &other.sql_mode,
                &other.charset,
                &other.collation,
                &other.time_zone,
            );
    is_same_text && is_alike(one, other)
}

/// The same between two families of servers.
pub fn is_alike(one: &Program, other: &Program) -> bool {
    // The columns of a view are told only to those who may use it.
    let is_body_known = one.kind != Kind::View || (!one.body.is_empty() && !other.body.is_empty());
    // The collations in it may have been translated: both ways lead to the names of one family.
    let body = |program: &Program| {
        translate::program(program.body.as_bytes(), program.quoting(), Flavour::MySql)
    };
    // A view has no mode of its own.
    let are_modes_alike = one.kind == Kind::View
        || sql_mode::are_alike(
            (&one.sql_mode, one.flavour),
            (&other.sql_mode, other.flavour),
        );
    are_modes_alike
        && (&one.traits, one.place) == (&other.traits, other.place)
        && (!is_body_known || body(one) == body(other))
}

/// The differences as sentences. `are_triggers_made`: false while rows stream into the target, which then must have none.
pub fn differences(
    source: &Found,
    target: &Found,
    is_same_family: bool,
    are_triggers_made: bool,
) -> Vec<String> {
    let mut differences = Vec::new();
    for ((kind, name), program) in &source.programs {
        if *kind == Kind::Trigger && !are_triggers_made {
            continue;
        }
        let word = kind.word();
        let is_unreadable =
            |(other, unread, _): &&(Kind, String, String)| other == kind && unread == name;
        match target.programs.get(&(*kind, name.clone())) {
            None if target.unreadable.iter().any(|one| is_unreadable(&one)) => differences.push(format!(
                "{word} {name} is on the target, but the writer may not read it there to compare: grant it SELECT ON mysql.proc (MariaDB) or SHOW_ROUTINE (MySQL)"
            )),
            None => differences.push(format!("{word} {name} is missing on the target")),
            Some(there) => {
                let is_same = if is_same_family {
                    is_equal(program, there)
                } else {
                    is_alike(program, there)
                };
                if !is_same {
                    differences.push(format!("{word} {name} is defined differently"));
                }
            }
        }
    }
    for (kind, name) in target.programs.keys() {
        let word = kind.word();
        if *kind == Kind::Trigger && !are_triggers_made {
            differences.push(format!(
                "trigger {name} is on the target, where it writes rows of its own while the stream runs: drop it there"
            ));
        } else if !source.programs.contains_key(&(*kind, name.clone())) {
            differences.push(format!("{word} {name} is on the target only"));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn procedure(flavour: Flavour, sql_mode: &str) -> Program {
        Program {
            kind: Kind::Procedure,
            name: "p".to_owned(),
            statement: Vec::new(),
            definer: None,
            charset: String::new(),
            collation: String::new(),
            sql_mode: sql_mode.to_owned(),
            time_zone: None,
            is_enabled: true,
            place: 0,
            body: "SELECT 'x' || 'y'".to_owned(),
            traits: String::new(),
            flavour,
        }
    }

    #[test]
    fn a_program_that_runs_under_another_mode_is_not_alike() {
        let there = procedure(Flavour::MySql, "PIPES_AS_CONCAT,TIME_TRUNCATE_FRACTIONAL");
        for (mode, expected) in [
            ("PIPES_AS_CONCAT", true),
            ("NO_AUTO_CREATE_USER,PIPES_AS_CONCAT", true),
            ("", false),
            ("PIPES_AS_CONCAT,TIME_ROUND_FRACTIONAL", false),
            ("PIPES_AS_CONCAT,STRICT_ALL_TABLES", false),
        ] {
            let here = procedure(Flavour::MariaDb, mode);
            assert_eq!(is_alike(&here, &there), expected, "{mode}");
            assert_eq!(is_alike(&there, &here), expected, "{mode}, the way back");
        }
    }

    #[test]
    fn a_view_has_no_mode() {
        let view = |flavour| Program {
            kind: Kind::View,
            ..procedure(flavour, "")
        };
        assert!(is_alike(&view(Flavour::MariaDb), &view(Flavour::MySql)));
    }
}
