//! The modes of an `sql_mode` that not every server has, and what takes their place. All others mean the same everywhere.
//!
//! The log tells the mode of a session in bits, a server tells those of programs and its own in words. Seen on MariaDB 10.11 and MySQL 9.7, by setting each
//! bit and reading its name back.

use std::collections::BTreeSet;

use crate::mysql::server::Flavour;

/// A mode that not every server has.
struct Mode {
    name: &'static str,
    bit: u32,
    missed: Missed,
}

/// What would do something else without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missed {
    Never,
    /// Programs: it is about updates, which no change of the schema holds.
    ByPrograms,
    Always,
}

const fn harmless(name: &'static str, bit: u32) -> Mode {
    let missed = Missed::Never;
    Mode { name, bit, missed }
}

const fn missed(name: &'static str, bit: u32, missed: Missed) -> Mode {
    Mode { name, bit, missed }
}

/// Those of MariaDB, and of MySQL before 8.0. Harmless are what `SHOW` leaves out, and what `CREATE TABLE` and `GRANT` let pass
/// (`NO_AUTO_CREATE_USER` was and is set by default).
const OF_OLD: [Mode; 12] = [
    harmless("IGNORE_BAD_TABLE_OPTIONS", 4),
    missed("POSTGRESQL", 8, Missed::Always),
    missed("ORACLE", 9, Missed::Always),
    missed("MSSQL", 10, Missed::Always),
    missed("DB2", 11, Missed::Always),
    missed("MAXDB", 12, Missed::Always),
    harmless("NO_KEY_OPTIONS", 13),
    harmless("NO_TABLE_OPTIONS", 14),
    harmless("NO_FIELD_OPTIONS", 15),
    missed("MYSQL323", 16, Missed::Always),
    missed("MYSQL40", 17, Missed::Always),
    harmless("NO_AUTO_CREATE_USER", 28),
];
/// Those of MariaDB alone.
const OF_MARIADB: [Mode; 4] = [
    missed("EMPTY_STRING_IS_NULL", 32, Missed::Always),
    missed("SIMULTANEOUS_ASSIGNMENT", 33, Missed::ByPrograms),
    ROUNDS_TIMES,
    // A group: its members stand beside it, and are more in MySQL.
    harmless("ANSI", 18),
];
/// MariaDB cuts times that are more exact than their column, unless it has this mode.
const ROUNDS_TIMES: Mode = harmless("TIME_ROUND_FRACTIONAL", 34);
/// MySQL rounds them, unless it has this one, in the place where MariaDB has another.
const CUTS_TIMES: Mode = harmless("TIME_TRUNCATE_FRACTIONAL", 32);

/// Modes that say what a definition may hold, and not how it is read.
const OF_DEFINITIONS: [&str; 8] = [
    "STRICT_TRANS_TABLES",
    "STRICT_ALL_TABLES",
    "NO_ZERO_IN_DATE",
    "NO_ZERO_DATE",
    "ALLOW_INVALID_DATES",
    "ERROR_FOR_DIVISION_BY_ZERO",
    "NO_ENGINE_SUBSTITUTION",
    "IGNORE_BAD_TABLE_OPTIONS",
];

/// What a server of `from` may have, and one of `to` has not.
fn foreign(from: Flavour, to: Flavour) -> Vec<Mode> {
    match (from, to) {
        (Flavour::MariaDb, Flavour::MariaDb) => Vec::new(),
        (Flavour::MySql, Flavour::MariaDb) => vec![CUTS_TIMES],
        (Flavour::MySql, Flavour::MySql) => OF_OLD.into(),
        (Flavour::MariaDb, Flavour::MySql) => OF_OLD.into_iter().chain(OF_MARIADB).collect(),
    }
}

/// By which a server of this family treats times in the way that is not its own.
fn of_times(flavour: Flavour) -> Mode {
    match flavour {
        Flavour::MariaDb => ROUNDS_TIMES,
        Flavour::MySql => CUTS_TIMES,
    }
}

/// The bits under which a server of `to` changes a schema as one of `from` did under these. The error names a mode that it would miss.
pub(crate) fn bits_across(bits: u64, from: Flavour, to: Flavour) -> Result<u64, String> {
    let has = |mode: &Mode| bits & (1 << mode.bit) != 0;
    let mut there = bits;
    for mode in foreign(from, to).iter().filter(|mode| has(mode)) {
        if mode.missed == Missed::Always {
            return Err(format!(
                "its session had the sql_mode {}, which the target does not have",
                mode.name
            ));
        }
        there &= !(1 << mode.bit);
    }
    if from == to {
        return Ok(there);
    }
    if there >> 32 != 0 {
        return Err(format!(
            "its session had an sql_mode that this build does not know ({there:#x})"
        ));
    }
    Ok(match has(&of_times(from)) {
        true => there,
        false => there | 1 << of_times(to).bit,
    })
}

/// The words of a program's modes that mean the same to a server of `to` as these do to one of `from`. Those that it would miss stay, for it to refuse.
pub(crate) fn words_across(words: &str, from: Flavour, to: Flavour) -> String {
    let foreign = foreign(from, to);
    let is_left_out = |word: &str| {
        let mut foreign = foreign.iter();
        foreign.any(|mode| mode.name == word && mode.missed == Missed::Never)
    };
    let mut there: Vec<&str> = each(words).filter(|word| !is_left_out(word)).collect();
    if from != to && each(words).all(|word| word != of_times(from).name) {
        there.push(of_times(to).name);
    }
    there.join(",")
}

/// Whether the words of programs on two servers mean the same. Those of either may have come from the other, so what crossing leaves out counts on no side:
/// both are taken to MariaDB and from there to MySQL.
pub(crate) fn are_alike(one: (&str, Flavour), other: (&str, Flavour)) -> bool {
    let meant = |(words, from): (&str, Flavour)| -> BTreeSet<String> {
        let words = words_across(words, from, Flavour::MariaDb);
        let words = words_across(&words, Flavour::MariaDb, Flavour::MySql);
        each(&words).map(str::to_owned).collect()
    };
    meant(one) == meant(other)
}

/// The modes among these words that a server of `to` would miss.
pub(crate) fn missed_by(words: &str, from: Flavour, to: Flavour) -> Vec<&str> {
    let foreign = foreign(from, to);
    let is_missed = |word: &&str| {
        let mut foreign = foreign.iter();
        foreign.any(|mode| mode.name == *word && mode.missed != Missed::Never)
    };
    each(words).filter(is_missed).collect()
}

/// The modes among these words under which a table is made from what a server of `from` told of it. It is asked under no mode at all, so none that changes
/// how a text is read is among them.
pub(crate) fn for_definitions(words: &str, from: Flavour, to: Flavour) -> String {
    let foreign = foreign(from, to);
    let is_foreign = |word: &&str| foreign.iter().any(|mode| mode.name == *word);
    let kept: Vec<&str> = each(words)
        .filter(|word| OF_DEFINITIONS.contains(word) && !is_foreign(word))
        .collect();
    kept.join(",")
}

fn each(words: &str) -> impl Iterator<Item = &str> {
    words.split(',').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// STRICT_TRANS_TABLES and NO_ENGINE_SUBSTITUTION.
    const STRICT: u64 = 1 << 21 | 1 << 30;
    const CUTS: u64 = 1 << 32;
    const ROUNDS: u64 = 1 << 34;
    const MARIADB: Flavour = Flavour::MariaDb;
    const MYSQL: Flavour = Flavour::MySql;

    #[test]
    fn modes_cross_by_what_they_mean() {
        let by_default = STRICT | 1 << 26 | 1 << 28;
        for (bits, from, to, there) in [
            (by_default, MARIADB, MYSQL, STRICT | 1 << 26 | CUTS),
            (STRICT | 1 << 26 | CUTS, MYSQL, MARIADB, STRICT | 1 << 26),
            (STRICT | ROUNDS, MARIADB, MYSQL, STRICT),
            (STRICT, MYSQL, MARIADB, STRICT | ROUNDS),
            (by_default | ROUNDS, MARIADB, MARIADB, by_default | ROUNDS),
            // From MySQL 5.7, which has NO_AUTO_CREATE_USER by default.
            (by_default, MYSQL, MYSQL, STRICT | 1 << 26),
            (STRICT | CUTS, MYSQL, MYSQL, STRICT | CUTS),
        ] {
            assert_eq!(bits_across(bits, from, to), Ok(there), "{bits:#x}");
        }
    }

    #[test]
    fn the_words_of_programs_cross_by_what_they_mean() {
        let by_default = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER";
        for (words, from, to, there) in [
            (
                by_default,
                MARIADB,
                MYSQL,
                "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,TIME_TRUNCATE_FRACTIONAL",
            ),
            (by_default, MARIADB, MARIADB, by_default),
            (
                "ANSI_QUOTES,ANSI,TIME_ROUND_FRACTIONAL",
                MARIADB,
                MYSQL,
                "ANSI_QUOTES",
            ),
            ("", MARIADB, MYSQL, "TIME_TRUNCATE_FRACTIONAL"),
            ("", MYSQL, MARIADB, "TIME_ROUND_FRACTIONAL"),
            (
                "ANSI_QUOTES,ANSI,NO_AUTO_CREATE_USER",
                MYSQL,
                MYSQL,
                "ANSI_QUOTES,ANSI",
            ),
            (
                "ANSI_QUOTES,TIME_TRUNCATE_FRACTIONAL",
                MYSQL,
                MARIADB,
                "ANSI_QUOTES",
            ),
        ] {
            assert_eq!(words_across(words, from, to), there, "{words}");
            assert_eq!(missed_by(words, from, to), Vec::<&str>::new());
        }
    }

    #[test]
    fn a_mode_that_would_be_missed_is_refused_in_bits_and_in_words() {
        let modes: Vec<Mode> = OF_OLD.into_iter().chain(OF_MARIADB).collect();
        for mode in modes.iter().filter(|mode| mode.missed != Missed::Never) {
            let (words, bits) = (format!("ANSI_QUOTES,{}", mode.name), STRICT | 1 << mode.bit);
            match bits_across(bits, MARIADB, MYSQL) {
                Ok(there) => assert_eq!((mode.missed, there), (Missed::ByPrograms, STRICT | CUTS)),
                Err(refused) => {
                    assert_eq!(mode.missed, Missed::Always);
                    assert!(refused.contains(mode.name), "{refused}");
                }
            }
            assert_eq!(missed_by(&words, MARIADB, MYSQL), [mode.name]);
            let there = words_across(&words, MARIADB, MYSQL);
            assert!(there.contains(mode.name), "{there}");
        }
        let many = "ORACLE,STRICT_ALL_TABLES,EMPTY_STRING_IS_NULL,SIMULTANEOUS_ASSIGNMENT";
        assert_eq!(
            missed_by(many, MARIADB, MYSQL),
            ["ORACLE", "EMPTY_STRING_IS_NULL", "SIMULTANEOUS_ASSIGNMENT"]
        );
        bits_across(STRICT | 1 << 40, MARIADB, MYSQL).expect_err("nobody knows that one");
    }

    #[test]
    fn a_definition_is_made_under_modes_that_leave_its_text_alone() {
        let words = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,IGNORE_BAD_TABLE_OPTIONS,EMPTY_STRING_IS_NULL";
        assert_eq!(
            for_definitions(words, MARIADB, MARIADB),
            "STRICT_ALL_TABLES,IGNORE_BAD_TABLE_OPTIONS"
        );
        assert_eq!(for_definitions(words, MARIADB, MYSQL), "STRICT_ALL_TABLES");
    }
}
