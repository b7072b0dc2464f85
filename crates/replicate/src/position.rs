//! Positions in a source's log.

use serde::{Deserialize, Serialize};

/// A place in the binary log of one server of the MySQL family. Comparable only within the log of that server: the
/// checkpoint stores the server's identity beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogPosition {
    /// Number at the end of the log file's name: files are numbered upwards.
    sequence: u64,
    /// Name of the log file.
    file: String,
    /// Byte offset in the file.
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

    /// Name of the log file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Byte offset in the file.
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

/// A text that is not `FILE:OFFSET`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a place in a log, such as binlog.000012:3456")]
pub struct NotAPosition(String);

impl std::str::FromStr for LogPosition {
    type Err = NotAPosition;

    /// Reads what [`Display`](std::fmt::Display) wrote.
    fn from_str(text: &str) -> Result<LogPosition, NotAPosition> {
        let parts = text.rsplit_once(':');
        parts
            .and_then(|(file, offset)| LogPosition::new(file, offset.parse().ok()?))
            .ok_or_else(|| NotAPosition(text.to_owned()))
    }
}

impl std::fmt::Display for LogPosition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
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
        for text in [
            "",
            "binlog.000010",
            "binlog.000010:",
            "binlog:4",
            "binlog.000010:-4",
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
