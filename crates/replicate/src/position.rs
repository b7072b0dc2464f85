//! Positions in a source's log.

use serde::{Deserialize, Serialize};

/// A place in the log of one server: a file and an offset in the MySQL family, an LSN of PostgreSQL. Comparable only within the log of that
/// server: the checkpoint stores the server's identity beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogPosition {
    /// Number at the end of the log file's name: files are numbered upwards.
    sequence: u64,
    /// Name of the log file; empty for an LSN.
    file: String,
    /// Byte offset in the file; an LSN itself.
    offset: u64,
}

impl LogPosition {
    /// A position from the server's own words. `None` if the file name has no number at its end.
    pub fn new(file: &str, offset: u64) -> Option<LogPosition> {
        let sequence = file.rsplit('.').next()?.parse().ok()?;
        Some(LogPosition {
            sequence,
            file: file.to_owned(),
            offset,
        })
    }

    /// An LSN of PostgreSQL: a byte offset in a log that has no files as far as anybody outside is concerned.
    pub fn of_lsn(lsn: u64) -> LogPosition {
        LogPosition {
            sequence: 0,
            file: String::new(),
            offset: lsn,
        }
    }

    /// Name of the log file; empty for an LSN.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Byte offset in the file; an LSN itself.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The same file at another offset.
    pub fn at(&self, offset: u64) -> LogPosition {
        LogPosition {
            offset,
            ..self.clone()
        }
    }

    /// Bytes of log from here to `end`, given the sizes of the files by name; `None` when a file in between is unknown.
    pub fn bytes_until(&self, end: &LogPosition, files: &[(String, u64)]) -> Option<u64> {
        if self >= end {
            return Some(0);
        }
        if self.file == end.file {
            return Some(end.offset - self.offset);
        }
        let mut bytes = 0;
        let mut inside = false;
        for (file, size_bytes) in files {
            if *file == self.file {
                inside = true;
                bytes += size_bytes.saturating_sub(self.offset);
            } else if *file == end.file {
                return inside.then_some(bytes + end.offset);
            } else if inside {
                bytes += size_bytes;
            }
        }
        None
    }
}

/// A text that is neither `FILE:OFFSET` nor an LSN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a place in a log, such as binlog.000012:3456 or 16/B374D848")]
pub struct NotAPosition(String);

impl std::str::FromStr for LogPosition {
    type Err = NotAPosition;

    /// Reads what [`Display`](std::fmt::Display) wrote.
    fn from_str(text: &str) -> Result<LogPosition, NotAPosition> {
        if let Some(lsn) = lsn(text) {
            return Ok(LogPosition::of_lsn(lsn));
        }
        let parts = text.rsplit_once(':');
        parts
            .filter(|(file, _)| is_of_a_log(file))
            .and_then(|(file, offset)| LogPosition::new(file, offset.parse().ok()?))
            .ok_or_else(|| NotAPosition(text.to_owned()))
    }
}

impl std::fmt::Display for LogPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.file.is_empty() {
            return write!(f, "{:X}/{:X}", self.offset >> 32, self.offset & 0xffff_ffff);
        }
        write!(f, "{}:{}", self.file, self.offset)
    }
}

/// Servers number their log files with six digits at the least; what a person types may be the address of a server, `127.0.0.1:3306`.
fn is_of_a_log(file: &str) -> bool {
    let number = file.rsplit_once('.').map_or("", |(_, number)| number);
    number.len() >= 6 && number.bytes().all(|digit| digit.is_ascii_digit())
}

/// An LSN as PostgreSQL writes it: its upper and lower half in hexadecimal digits.
fn lsn(text: &str) -> Option<u64> {
    let (upper, lower) = text.split_once('/')?;
    let half = |digits: &str| {
        let is_half = (1..=8).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_half.then(|| u64::from_str_radix(digits, 16).ok())?
    };
    Some(half(upper)? << 32 | half(lower)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &str, offset: u64) -> LogPosition {
        LogPosition::new(file, offset).unwrap()
    }

    #[test]
    fn files_are_ordered_by_number_not_by_letters() {
        assert!(at("binlog.000009", 900) < at("binlog.000010", 4));
        assert!(at("binlog.999999", 4) < at("binlog.1000000", 4));
        assert!(LogPosition::new("binlog", 4).is_none());
    }

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = at("binlog.000010", 4);
        assert_eq!(position.to_string().parse(), Ok(position));
        let lsn: LogPosition = "16/B374D848".parse().unwrap();
        assert_eq!(
            (lsn.offset(), lsn.to_string().as_str()),
            (0x16_b374_d848, "16/B374D848")
        );
        for text in [
            "",
            "binlog.000010",
            "binlog.000010:",
            "binlog:4",
            "127.0.0.1:3306",
            "db.example:3306",
            "binlog.000010:-4",
            "16/",
            "16/+1",
            "1/123456789",
        ] {
            assert!(text.parse::<LogPosition>().is_err(), "{text}");
        }
    }

    #[test]
    fn distance_counts_the_files_between() {
        let files = [
            ("b.1".to_owned(), 100),
            ("b.2".to_owned(), 50),
            ("b.3".to_owned(), 70),
        ];
        assert_eq!(
            at("b.1", 90).bytes_until(&at("b.3", 7), &files),
            Some(10 + 50 + 7)
        );
        assert_eq!(at("b.3", 7).bytes_until(&at("b.1", 90), &files), Some(0));
        assert_eq!(at("b.0", 7).bytes_until(&at("b.1", 90), &files), None);
    }
}
