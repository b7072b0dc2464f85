//! The `sql_mode` of a session, by its bits, for a server of the other family.
//!
//! Most bits mean the same in both. Seen on MariaDB 10.11 and MySQL 9.7, by setting each bit and reading its name back.

use crate::mysql::server::Flavour;

/// MariaDB's that change nothing of what a definition means: `IGNORE_BAD_TABLE_OPTIONS`, what `SHOW` leaves out (`NO_KEY_OPTIONS`, `NO_TABLE_OPTIONS`,
/// `NO_FIELD_OPTIONS`), and `NO_AUTO_CREATE_USER`, which is set by default and which MySQL refuses.
const WITHOUT_MEANING: u64 = 1 << 4 | 0b111 << 13 | 1 << 28;
/// The bits that both families number alike.
const SHARED: u64 = (1 << 32) - 1;
/// MariaDB's `EMPTY_STRING_IS_NULL`.
const EMPTY_STRING_IS_NULL: u64 = 1 << 32;
/// MariaDB's `TIME_ROUND_FRACTIONAL`: without it times are cut.
const ROUNDS_TIMES: u64 = 1 << 34;
/// MySQL's `TIME_TRUNCATE_FRACTIONAL`, in the place where MariaDB has another: without it times are rounded.
const CUTS_TIMES: u64 = 1 << 32;

/// The bits that mean the same to a server of `to` as these do to one of the other family. Modes that only MariaDB has and that change how a statement is read are
/// left in, for MySQL to refuse; the error names the one that it would take for another.
pub(super) fn across(mode: u64, to: Flavour) -> Result<u64, String> {
    let shared = mode & SHARED & !WITHOUT_MEANING;
    match to {
        Flavour::MySql if mode & EMPTY_STRING_IS_NULL != 0 => Err(
            "its session had the sql_mode EMPTY_STRING_IS_NULL, which MySQL does not have"
                .to_owned(),
        ),
        Flavour::MySql if mode & ROUNDS_TIMES == 0 => Ok(shared | CUTS_TIMES),
        Flavour::MariaDb if mode & CUTS_TIMES == 0 => Ok(shared | ROUNDS_TIMES),
        Flavour::MySql | Flavour::MariaDb => Ok(shared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// STRICT_TRANS_TABLES and NO_ENGINE_SUBSTITUTION.
    const STRICT: u64 = 1 << 21 | 1 << 30;

    #[test]
    fn modes_cross_by_what_they_mean() {
        let by_default = STRICT | 1 << 26 | 1 << 28;
        let there = across(by_default, Flavour::MySql).expect("MySQL has these");
        assert_eq!(there, STRICT | 1 << 26 | CUTS_TIMES);
        let back = across(there, Flavour::MariaDb).expect("MariaDB has these");
        assert_eq!(back, STRICT | 1 << 26);
        let rounding = across(STRICT | ROUNDS_TIMES, Flavour::MySql);
        assert_eq!(rounding, Ok(STRICT));
        assert_eq!(across(STRICT, Flavour::MariaDb), Ok(STRICT | ROUNDS_TIMES));
    }

    #[test]
    fn a_mode_that_would_be_taken_for_another_is_refused() {
        across(STRICT | EMPTY_STRING_IS_NULL, Flavour::MySql).expect_err("MySQL has no such mode");
        let oracle = 1 << 9;
        assert_eq!(across(oracle, Flavour::MySql), Ok(oracle | CUTS_TIMES));
    }
}
