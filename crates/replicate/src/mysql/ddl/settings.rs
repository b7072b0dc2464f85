//! The settings of the session that wrote a statement, as the log holds them beside it ("status variables" of a Query event).
//!
//! The codes are those of `Query_event` in MySQL's libbinlogevents and of `log_event.h` in MariaDB. A code that is not known here ends the reading, because
//! its length is not known either; then the statement is not carried over.

use super::quoting::Quoting;
use crate::mysql::schema::translate;
use crate::mysql::server::Flavour;
use crate::mysql::sql_mode;
use crate::mysql::value::quote_text;

/// Bits of the flags, the same in both families.
const NO_FOREIGN_KEY_CHECKS: u32 = 1 << 26;
const RELAXED_UNIQUE_CHECKS: u32 = 1 << 27;

/// Columns of `information_schema.COLLATION_CHARACTER_SET_APPLICABILITY`.
const CHARACTER_SET: &str = "CHARACTER_SET_NAME";
const COLLATION: &str = "FULL_COLLATION_NAME";

/// What was set in the session that wrote a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    flags: u32,
    sql_mode: u64,
    /// Numbers of the client's character set, the connection's and the server's collation.
    charsets: Option<[u16; 3]>,
    /// Only logged if the statement used it.
    time_zone: Option<String>,
    microseconds: u32,
    explicit_defaults: Option<bool>,
    utf8mb4_default: Option<u16>,
    /// Numbers of the collations that character sets stand for where none is named (MariaDB from 11.2 on).
    collations_of_charsets: Vec<u16>,
    /// When it was written, in seconds of Unix time.
    seconds: u32,
}

impl Settings {
    /// Reads the settings of an event. The error says why they cannot be known.
    pub(crate) fn read(variables: &[u8], seconds: u32) -> Result<Settings, String> {
        let mut settings = Settings {
            seconds,
            ..Settings::default()
        };
        let mut bytes = Bytes(variables);
        while let Some(code) = bytes.byte() {
            let taken = settings.take(code, &mut bytes);
            taken.ok_or_else(|| {
                format!("its session's setting number {code} is not known to this build")
            })?;
        }
        Ok(settings)
    }

    fn take(&mut self, code: u8, bytes: &mut Bytes<'_>) -> Option<()> {
        match code {
            0 => self.flags = bytes.number(4)? as u32,
            1 => self.sql_mode = bytes.number(8)?,
            // The catalogue, in an old form with a zero at the end, and in the present one.
            2 => bytes.counted().and_then(|_| bytes.byte()).map(drop)?,
            6 => bytes.counted().map(drop)?,
            4 => self.charsets = Some([bytes.short()?, bytes.short()?, bytes.short()?]),
            5 => self.time_zone = Some(String::from_utf8(bytes.counted()?.to_vec()).ok()?),
            11 => bytes.counted().and_then(|_| bytes.counted()).map(drop)?,
            12 => bytes.databases()?,
            13 | 128 => self.microseconds = bytes.number(3)? as u32,
            16 => self.explicit_defaults = Some(bytes.byte()? != 0),
            18 => self.utf8mb4_default = Some(bytes.short()?),
            // Names of months and days, the collation of the database (which the target's database has too).
            7 | 8 => bytes.skip(2)?,
            // The server's own step of numbers, and what only its own replicas need.
            3 | 10 => bytes.skip(4)?,
            9 | 17 | 129 => bytes.skip(8)?,
            19 | 20 => bytes.skip(1)?,
            131 => {
                // Each with the character set's own number before it.
                for _ in 0..bytes.byte()? {
                    bytes.skip(2)?;
                    self.collations_of_charsets.push(bytes.short()?);
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// How the session read quotes.
    pub(crate) fn quoting(&self) -> Quoting {
        Quoting::of(self.sql_mode)
    }

    /// Whether a statement in these bytes can be read: names are told apart in UTF-8 and ASCII only.
    pub(crate) fn reads_as_utf8(&self, query: &[u8]) -> bool {
        let [client, ..] = self.charsets.unwrap_or([33, 33, 33]);
        let is_utf8 = matches!(client, 33 | 45 | 46 | 76 | 83 | 192..=247 | 255..=323 | 576..=631 | 2048..=2400);
        let is_above_ascii = matches!(client, 8 | 11 | 63 | 5 | 15 | 31 | 47 | 48 | 49 | 65 | 94);
        (is_utf8 && std::str::from_utf8(query).is_ok()) || (is_above_ascii && query.is_ascii())
    }

    /// The statements that give a session of another server the same settings. The error says why there are none.
    pub(crate) fn statements(
        &self,
        from: Flavour,
        flavour: Flavour,
    ) -> Result<Vec<String>, String> {
        let sql_mode = sql_mode::bits_across(self.sql_mode, from, flavour)?;
        let on = |bit: u32| u8::from(self.flags & bit == 0);
        let [client, connection, server] = self.charsets.unwrap_or([45, 45, 45]);
        let mut statements = vec![
            format!(
                "SET character_set_client = {}, collation_connection = {}, collation_server = {}",
                named(CHARACTER_SET, client, flavour),
                named(COLLATION, connection, flavour),
                named(COLLATION, server, flavour),
            ),
            format!(
                "SET foreign_key_checks = {}, unique_checks = {}",
                on(NO_FOREIGN_KEY_CHECKS),
                on(RELAXED_UNIQUE_CHECKS)
            ),
            format!("SET timestamp = {}.{:06}", self.seconds, self.microseconds),
            format!("SET sql_mode = {sql_mode}"),
        ];
        if let Some(zone) = &self.time_zone {
            statements.push(format!("SET time_zone = {}", quote_text(zone)));
        }
        if let (Flavour::MySql, Some(collation)) = (flavour, self.utf8mb4_default) {
            statements.push(format!("SET default_collation_for_utf8mb4 = {collation}"));
        }
        Ok(statements)
    }

    /// The statement that gives character sets without a named collation the same ones in another session, on a server that can be told so.
    pub(crate) fn collations_statement(&self) -> String {
        if self.collations_of_charsets.is_empty() {
            return "SET character_set_collations = ''".to_owned();
        }
        let numbers: Vec<String> = self
            .collations_of_charsets
            .iter()
            .map(u16::to_string)
            .collect();
        format!(
            "SET character_set_collations = (SELECT GROUP_CONCAT(CONCAT(CHARACTER_SET_NAME, '=', FULL_COLLATION_NAME)) \
             FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE ID IN ({}))",
            numbers.join(", ")
        )
    }

    /// Whether character sets stood for collations of the session's choice.
    pub(crate) fn has_own_collations(&self) -> bool {
        !self.collations_of_charsets.is_empty()
    }

    /// Whether the session gave TIMESTAMP columns no defaults of their own. `None`: the log does not tell, as in MariaDB.
    pub(crate) fn has_explicit_defaults(&self) -> Option<bool> {
        self.explicit_defaults
    }

    /// Whether the server's own time zone decided about values.
    pub(crate) fn uses_system_time_zone(&self) -> bool {
        self.time_zone.as_deref() == Some("SYSTEM")
    }
}

/// A collation, or its character set, as `SET` takes it. MariaDB finds its own new collations (`uca1400`) by their names only; another family does not have them, and
/// gets those of the same character set that are nearest. So does MariaDB for MySQL's `0900`, of which the first is what MySQL's clients speak by default.
fn named(column: &str, number: u16, flavour: Flavour) -> String {
    match (flavour, number) {
        (Flavour::MariaDb, 255..=323) if column == CHARACTER_SET => "utf8mb4".to_owned(),
        (Flavour::MariaDb, 255..=323) => translate::collation_numbered(number),
        (_, ..2048) => number.to_string(),
        (Flavour::MariaDb, _) => format!(
            "(SELECT {column} FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE ID = {number})"
        ),
        (Flavour::MySql, ..2304) => "33".to_owned(),
        (Flavour::MySql, _) => "255".to_owned(),
    }
}

/// Checked reading from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, back) = self.0.split_at_checked(length)?;
        self.0 = back;
        Some(front)
    }

    fn skip(&mut self, length: usize) -> Option<()> {
        self.take(length).map(drop)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// An unsigned number, lowest byte first.
    fn number(&mut self, length: usize) -> Option<u64> {
        let bytes = self.take(length)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
        )
    }

    fn short(&mut self) -> Option<u16> {
        Some(self.number(2)? as u16)
    }

    /// Bytes after their count.
    fn counted(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?);
        self.take(length)
    }

    /// Names of databases, each with a zero at its end; 254 stands for too many to list.
    fn databases(&mut self) -> Option<()> {
        let count = self.byte()?;
        for _ in 0..(if count == 254 { 0 } else { count }) {
            let end = self.0.iter().position(|byte| *byte == 0)?;
            self.skip(end + 1)?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGGED: &[u8] = &[
        0, 0, 0, 0, 4, 1, 4, 0, 16, 0, 0, 0, 0, 0, 6, 3, b's', b't', b'd', 4, 45, 0, 45, 0, 8, 0,
        5, 3, b'U', b'T', b'C', 12, 1, b'l', 0, 13, 1, 0, 0,
    ];

    #[test]
    fn settings_are_read_and_given_to_another_session() {
        let settings = Settings::read(LOGGED, 1_700_000_000).expect("known codes");
        assert!(settings.quoting().ansi && settings.quoting().plain_backslash);
        let statements = settings.statements(Flavour::MariaDb, Flavour::MariaDb);
        let statements = statements.expect("it is the same family").join("; ");
        assert_eq!(
            statements,
            "SET character_set_client = 45, collation_connection = 45, collation_server = 8; SET foreign_key_checks = 0, unique_checks = 1; \
             SET timestamp = 1700000000.000001; SET sql_mode = 1048580; SET time_zone = 'UTC'"
        );
    }

    #[test]
    fn cut_and_unknown_settings_are_refused() {
        // After 14 bytes one setting is complete, after 5 another.
        for length in
            (0..LOGGED.len()).filter(|length| ![0, 5, 14, 19, 26, 31, 35].contains(length))
        {
            assert!(Settings::read(&LOGGED[..length], 0).is_err(), "{length}");
        }
        assert!(Settings::read(&[200, 1], 0).is_err());
    }

    #[test]
    fn collations_of_character_sets_are_read() {
        let logged = [131, 2, 33, 0, 0, 8, 45, 0, 0, 9, 4, 45, 0, 45, 0, 8, 0];
        let settings = Settings::read(&logged, 0).expect("known codes");
        assert_eq!(settings.collations_of_charsets, [2048, 2304]);
        assert!(Settings::read(&logged[..8], 0).is_err());
    }

    #[test]
    fn collations_of_mysql_become_the_nearest_of_mariadb() {
        let logged = [4, 255, 0, 31, 1, 53, 1];
        let settings = Settings::read(&logged, 0).expect("a known code");
        let statements = settings.statements(Flavour::MySql, Flavour::MariaDb);
        assert_eq!(
            statements.expect("modes that cross")[0],
            "SET character_set_client = utf8mb4, collation_connection = utf8mb4_uca1400_swedish_nopad_as_cs, collation_server = utf8mb4_nopad_bin"
        );
    }

    #[test]
    fn only_what_reads_as_utf8_is_read() {
        let client =
            |number: u8| Settings::read(&[4, number, 0, 8, 0, 8, 0], 0).expect("a known code");
        assert!(client(45).reads_as_utf8("größe".as_bytes()));
        assert!(!client(45).reads_as_utf8(b"gr\xf6\xdfe"));
        assert!(client(8).reads_as_utf8(b"size"));
        assert!(!client(8).reads_as_utf8("größe".as_bytes()));
        assert!(!client(28).reads_as_utf8(b"gbk"));
    }
}
