//! Column values on their way from one server to another, and how they are written as SQL.
//!
//! Sessions that move rows speak the `binary` character set, so that bytes arrive as they left. A quoted literal is then a binary string: right for
//! storing. Keys are equal by collation, not by bytes (rule 15). Compared with a column, such a literal gives way to the column's collation (seen on MariaDB 10.11
//! and MySQL 9.7), but that is the servers' choice between the two: keys of text columns are written with the introducer of the column's own character set,
//! and leave none.

use serde::{Deserialize, Serialize};

pub use crate::mysql::spelling::Spelling;

/// What a column holds, as far as writing and hashing its values goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ColumnClass {
    /// Whole numbers; the width in bytes and whether negative ones exist.
    Integer {
        /// Bytes it is stored in.
        width_bytes: u8,
        /// Whether the column is unsigned.
        unsigned: bool,
    },
    /// DECIMAL.
    Decimal,
    /// FLOAT: four bytes, read as `f*1e0` because its text form loses digits (rule 20), and because `+0` would lose the sign of zero.
    Float,
    /// DOUBLE.
    Double,
    /// DATE, DATETIME, TIMESTAMP, TIME.
    Temporal,
    /// YEAR.
    Year,
    /// CHAR, VARCHAR, TEXT with their character set.
    Text {
        /// The column's character set.
        charset: String,
    },
    /// BINARY(n): the log leaves its trailing zero bytes out, so they are put back.
    FixedBinary {
        /// n.
        length: usize,
    },
    /// VARBINARY, BLOB.
    Bytes,
    /// BIT.
    Bit,
    /// ENUM and SET: a label in a copied row, a number in a logged one.
    Label {
        /// The column's character set.
        charset: String,
    },
    /// JSON of MySQL, which refuses binary strings.
    Json,
    /// Spatial types in the server's own form.
    Geometry,
    /// Types of MariaDB that are stored as bytes and told as text.
    Spelled {
        /// Which.
        spelling: Spelling,
    },
}

/// One value of one row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Datum {
    /// NULL.
    #[default]
    Null,
    /// A number or a date in the ASCII form that SQL takes.
    Plain(String),
    /// Bytes as stored.
    Bytes(Vec<u8>),
}

impl Datum {
    /// Roughly the bytes it holds in memory.
    pub fn bytes(&self) -> usize {
        let content = match self {
            Datum::Null => 0,
            Datum::Plain(text) => text.len(),
            Datum::Bytes(bytes) => bytes.len(),
        };
        content + size_of::<Datum>()
    }
}

impl ColumnClass {
    /// Appends the literal that stores the value.
    pub fn write_value(&self, datum: &Datum, sql: &mut Vec<u8>) {
        match datum {
            Datum::Null => sql.extend_from_slice(b"NULL"),
            Datum::Plain(text) => self.write_plain(text.as_bytes(), sql),
            Datum::Bytes(bytes) => self.write_bytes(bytes, sql),
        }
    }

    /// Appends the literal that stores a value as a text-protocol answer holds it; `None` is NULL.
    pub(crate) fn write_answer(&self, answer: Option<&[u8]>, sql: &mut Vec<u8>) {
        match answer {
            None => sql.extend_from_slice(b"NULL"),
            Some(bytes) if self.is_plain() => self.write_plain(bytes, sql),
            Some(bytes) => self.write_bytes(bytes, sql),
        }
    }

    fn write_plain(&self, text: &[u8], sql: &mut Vec<u8>) {
        match self {
            ColumnClass::Temporal => write_quoted(text, sql),
            // A binary string would be taken for its bytes.
            ColumnClass::Spelled { .. } => write_introduced("ascii", text, sql),
            _ => {
                sql.extend_from_slice(text);
                // `-0` is the integer 0; `-0e0` is not.
                if matches!(self, ColumnClass::Float | ColumnClass::Double) && !text.contains(&b'e')
                {
                    sql.extend_from_slice(b"e0");
                }
            }
        }
    }

    fn write_bytes(&self, bytes: &[u8], sql: &mut Vec<u8>) {
        match self {
            ColumnClass::Json => {
                sql.extend_from_slice(b"CONVERT(");
                write_quoted(bytes, sql);
                sql.extend_from_slice(b" USING utf8mb4)");
            }
            ColumnClass::Bit => {
                sql.extend_from_slice(b"x'");
                for byte in bytes {
                    sql.extend_from_slice(format!("{byte:02x}").as_bytes());
                }
                sql.push(b'\'');
            }
            ColumnClass::Label { charset } => write_introduced(charset, bytes, sql),
            _ => write_quoted(bytes, sql),
        }
    }

    /// Appends the literal that finds the value in a key, equal by the column's own collation.
    pub fn write_key(&self, datum: &Datum, sql: &mut Vec<u8>) {
        match (self, datum) {
            (ColumnClass::Text { charset }, Datum::Bytes(bytes)) => {
                write_introduced(charset, bytes, sql)
            }
            // Compared with a hexadecimal literal, which is a string, bits would be compared as the number 0.
            (ColumnClass::Bit, Datum::Bytes(bytes)) => {
                sql.extend_from_slice(bit_number(bytes).to_string().as_bytes())
            }
            _ => self.write_value(datum, sql),
        }
    }

    /// The expression that reads the column without loss.
    pub fn select_expression(&self, quoted_name: &str) -> String {
        match self {
            ColumnClass::Float => format!("{quoted_name}*1e0"),
            _ => quoted_name.to_owned(),
        }
    }

    /// The expression whose bytes stand for the value in a row hash: equal on both servers exactly if the values are.
    pub fn hash_expression(&self, quoted_name: &str) -> String {
        match self {
            ColumnClass::Bit | ColumnClass::Geometry => format!("HEX({quoted_name})"),
            // As binary it would be its bytes here, and its letters on a server that holds it as text.
            ColumnClass::Spelled { .. } => {
                format!("CAST(CAST({quoted_name} AS CHAR CHARACTER SET ascii) AS BINARY)")
            }
            _ => format!("CAST({quoted_name} AS BINARY)"),
        }
    }

    /// The expression that is compared, byte by byte, with what [`ColumnClass::write_match`] writes.
    pub fn match_expression(&self, quoted_name: &str) -> String {
        match self {
            ColumnClass::Float => format!("{quoted_name}*1e0"),
            ColumnClass::Bit | ColumnClass::Label { .. } => format!("{quoted_name}+0"),
            ColumnClass::Integer { .. }
            | ColumnClass::Decimal
            | ColumnClass::Double
            | ColumnClass::Temporal
            | ColumnClass::Year => quoted_name.to_owned(),
            ColumnClass::Spelled { .. } => self.hash_expression(quoted_name),
            _ => format!("CAST({quoted_name} AS BINARY)"),
        }
    }

    /// Appends the literal that matches a value of the log exactly.
    pub fn write_match(&self, datum: &Datum, sql: &mut Vec<u8>) {
        match (self, datum) {
            (ColumnClass::Bit, Datum::Bytes(bytes)) => {
                sql.extend_from_slice(bit_number(bytes).to_string().as_bytes())
            }
            (ColumnClass::Json, Datum::Bytes(bytes)) => write_quoted(bytes, sql),
            (ColumnClass::Spelled { .. }, Datum::Plain(text)) => write_quoted(text.as_bytes(), sql),
            _ => self.write_value(datum, sql),
        }
    }

    /// A value as a text-protocol answer holds it.
    pub fn from_answer(&self, bytes: Option<Vec<u8>>) -> Datum {
        let Some(bytes) = bytes else {
            return Datum::Null;
        };
        if !self.is_plain() {
            return Datum::Bytes(bytes);
        }
        String::from_utf8(bytes).map_or_else(|error| Datum::Bytes(error.into_bytes()), Datum::Plain)
    }

    /// Whether an answer tells its values as numbers, times and other words of SQL, in ASCII.
    fn is_plain(&self) -> bool {
        matches!(
            self,
            ColumnClass::Integer { .. }
                | ColumnClass::Decimal
                | ColumnClass::Float
                | ColumnClass::Double
                | ColumnClass::Temporal
                | ColumnClass::Year
                | ColumnClass::Spelled { .. }
        )
    }
}

fn bit_number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

fn write_introduced(charset: &str, bytes: &[u8], sql: &mut Vec<u8>) {
    sql.push(b'_');
    sql.extend_from_slice(charset.as_bytes());
    write_quoted(bytes, sql);
}

/// Appends bytes as a literal that stands for themselves.
pub(crate) fn write_binary(bytes: &[u8], sql: &mut Vec<u8>) {
    write_introduced("binary", bytes, sql);
}

/// Quotes bytes under the `binary` character set, where every byte stands for itself.
fn write_quoted(bytes: &[u8], sql: &mut Vec<u8>) {
    sql.reserve(bytes.len() + 2);
    sql.push(b'\'');
    let mut rest = bytes;
    // Runs of ordinary bytes are copied whole.
    while let Some(place) = memchr::memchr3(0, b'\'', b'\\', rest) {
        sql.extend_from_slice(&rest[..place]);
        sql.push(b'\\');
        sql.push(if rest[place] == 0 { b'0' } else { rest[place] });
        rest = &rest[place + 1..];
    }
    sql.extend_from_slice(rest);
    sql.push(b'\'');
}

/// A name between backticks.
pub fn quote_name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text as an SQL string literal, for statements of our own (names, positions).
pub fn quote_text(text: &str) -> String {
    let mut sql = Vec::new();
    write_quoted(text.as_bytes(), &mut sql);
    String::from_utf8_lossy(&sql).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_keep_every_byte() {
        let text = ColumnClass::Text {
            charset: "latin1".to_owned(),
        };
        let cases: &[(&ColumnClass, Datum, &[u8], &[u8])] = &[
            (
                &text,
                Datum::Bytes(b"it's \\ \0\xff".to_vec()),
                b"'it\\'s \\\\ \\0\xff'",
                b"_latin1'it\\'s \\\\ \\0\xff'",
            ),
            (&text, Datum::Null, b"NULL", b"NULL"),
            (
                &ColumnClass::Bit,
                Datum::Bytes(vec![1, 0xfe]),
                b"x'01fe'",
                b"510",
            ),
            (
                &ColumnClass::Temporal,
                Datum::Plain("2026-01-02".into()),
                b"'2026-01-02'",
                b"'2026-01-02'",
            ),
            (
                &ColumnClass::Decimal,
                Datum::Plain("-0.50".into()),
                b"-0.50",
                b"-0.50",
            ),
        ];
        for (class, datum, value, key) in cases {
            let (mut as_value, mut as_key) = (Vec::new(), Vec::new());
            class.write_value(datum, &mut as_value);
            class.write_key(datum, &mut as_key);
            assert_eq!((as_value.as_slice(), as_key.as_slice()), (*value, *key));
        }
    }

    #[test]
    fn names_cannot_end_their_quotes() {
        assert_eq!(quote_name("a`b"), "`a``b`");
        assert_eq!(quote_text("a'b\\"), "'a\\'b\\\\'");
    }
}
