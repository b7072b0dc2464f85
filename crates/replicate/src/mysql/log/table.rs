//! What the log says of a table before its rows: its name, and how each column is written.

use mysql_common::constants::ColumnType;

use super::event::Fields;

/// A table as the log describes it.
#[derive(Clone, Debug)]
pub(crate) struct LoggedTable {
    pub(crate) id: u64,
    pub(crate) database: String,
    pub(crate) name: String,
    /// Columns in order; `None` from the first one on whose type is not known.
    pub(crate) columns: Vec<Option<LoggedColumn>>,
}

/// How the values of a column are written in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoggedColumn {
    pub(crate) kind: ColumnType,
    details: [u8; 2],
    details_length: usize,
}

impl LoggedColumn {
    /// What the type needs besides its name: lengths, precision.
    pub(crate) fn details(&self) -> &[u8] {
        &self.details[..self.details_length]
    }
}

impl LoggedTable {
    /// Reads a TABLE_MAP_EVENT: number (6), flags (2), both names, the number of columns, their types, their details behind a length.
    pub(super) fn read(body: &[u8]) -> Option<LoggedTable> {
        let mut fields = Fields(body);
        let id = fields.number(6)?;
        fields.skip(2)?;
        let (database, name) = (fields.name()?, fields.name()?);
        let count = usize::try_from(fields.packed_number()?).ok()?;
        let kinds = fields.bytes(count)?;
        let length = usize::try_from(fields.packed_number()?).ok()?;
        let mut details = Fields(fields.bytes(length)?);
        let mut columns = Vec::with_capacity(count);
        for kind in kinds {
            let column = match columns.last() {
                Some(None) => None,
                _ => read_column(*kind, &mut details),
            };
            columns.push(column);
        }
        Some(LoggedTable {
            id,
            database,
            name,
            columns,
        })
    }
}

fn read_column(kind: u8, details: &mut Fields<'_>) -> Option<LoggedColumn> {
    use ColumnType::*;
    let kind = ColumnType::try_from(kind).ok()?;
    let details_length = match kind {
        MYSQL_TYPE_TINY_BLOB
        | MYSQL_TYPE_BLOB
        | MYSQL_TYPE_MEDIUM_BLOB
        | MYSQL_TYPE_LONG_BLOB
        | MYSQL_TYPE_DOUBLE
        | MYSQL_TYPE_FLOAT
        | MYSQL_TYPE_GEOMETRY
        | MYSQL_TYPE_TIME2
        | MYSQL_TYPE_DATETIME2
        | MYSQL_TYPE_TIMESTAMP2
        | MYSQL_TYPE_JSON
        | MYSQL_TYPE_VECTOR => 1,
        MYSQL_TYPE_VARCHAR
        | MYSQL_TYPE_NEWDECIMAL
        | MYSQL_TYPE_SET
        | MYSQL_TYPE_ENUM
        | MYSQL_TYPE_STRING
        | MYSQL_TYPE_BIT => 2,
        MYSQL_TYPE_TYPED_ARRAY => return None,
        _ => 0,
    };
    let mut held = [0; 2];
    held[..details_length].copy_from_slice(details.bytes(details_length)?);
    let kind = match kind {
        // The old DATE has not been logged since there are row events.
        MYSQL_TYPE_DATE => MYSQL_TYPE_NEWDATE,
        // ENUM and SET stand behind the type of CHAR, which keeps two bits of its length in the same byte.
        MYSQL_TYPE_STRING if held[0] != 0 => match held[0] | 0x30 {
            247 => MYSQL_TYPE_ENUM,
            248 => MYSQL_TYPE_SET,
            254 => MYSQL_TYPE_STRING,
            _ => return None,
        },
        kind => kind,
    };
    Some(LoggedColumn {
        kind,
        details: held,
        details_length,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_read_and_short_ones_refused() {
        let mut body = vec![5, 0, 0, 0, 0, 0, 1, 0, 3];
        body.extend(b"lms\0\x01t\0");
        body.extend([4, 3, 254, 15, 140, 4, 247, 1, 80, 0, 0xff]);
        let table = LoggedTable::read(&body).unwrap();
        let kinds: Vec<_> = table
            .columns
            .iter()
            .map(|column| column.map(|column| (column.kind, column.details)))
            .collect();
        assert_eq!((table.id, table.database.as_str()), (5, "lms"));
        assert_eq!(
            kinds,
            [
                Some((ColumnType::MYSQL_TYPE_LONG, [0, 0])),
                Some((ColumnType::MYSQL_TYPE_ENUM, [247, 1])),
                Some((ColumnType::MYSQL_TYPE_VARCHAR, [80, 0])),
                None
            ]
        );
        for length in 0..body.len() - 1 {
            assert!(LoggedTable::read(&body[..length]).is_none(), "{length}");
        }
    }
}
