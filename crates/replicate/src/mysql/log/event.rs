//! One event of the log, and the parts of its body that are read here.
//!
//! Layouts: MySQL internals manual, "Binary Log Event", and MariaDB's knowledge base, "Replication Protocol". Every read is checked: an
//! event that is cut short is `None`, never a panic.

/// An event without its checksum, which has been verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogEvent {
    /// When it was written, in seconds of Unix time, cut to 32 bits.
    pub(crate) seconds: u32,
    /// Type number.
    pub(crate) kind: u8,
    /// Number of the server that first wrote it.
    pub(crate) server: u64,
    /// Flags of the header.
    pub(crate) flags: u16,
    /// Offset behind it in the log file; 0 for what the server makes up for the stream.
    pub(crate) end_offset: u64,
    /// Bytes it takes in the log file.
    pub(crate) size: u64,
    /// What follows the header.
    pub(crate) body: Vec<u8>,
}

impl LogEvent {
    /// Bytes of the header that every event begins with.
    pub(super) const HEADER_BYTES: usize = 19;

    /// Appends it as [`LogEvent::read`] reads it.
    pub(crate) fn write(&self, output: &mut Vec<u8>) {
        output.push(self.kind);
        output.extend(self.flags.to_le_bytes());
        let seconds = u64::from(self.seconds);
        for number in [seconds, self.server, self.end_offset, self.size] {
            output.extend(number.to_le_bytes());
        }
        output.extend((self.body.len() as u64).to_le_bytes());
        output.extend(&self.body);
    }

    /// Reads an event from the front of what [`LogEvent::write`] wrote, with the bytes that it takes. `None`: it is not whole.
    pub(crate) fn read(input: &[u8]) -> Option<(LogEvent, usize)> {
        let mut fields = Fields(input);
        let (kind, flags) = (fields.byte()?, fields.number(2)? as u16);
        let seconds = fields.number(8)? as u32;
        let (server, end_offset, size) = (fields.number(8)?, fields.number(8)?, fields.number(8)?);
        let length = usize::try_from(fields.number(8)?).ok()?;
        let event = LogEvent {
            seconds,
            kind,
            server,
            flags,
            end_offset,
            size,
            body: fields.bytes(length)?.to_vec(),
        };
        Some((event, input.len() - fields.0.len()))
    }

    /// An event without its body yet. `None`: cut short.
    pub(super) fn from_header(header: &[u8]) -> Option<LogEvent> {
        let mut fields = Fields(header);
        Some(LogEvent {
            seconds: fields.number(4)? as u32,
            kind: fields.byte()?,
            server: fields.number(4)?,
            size: fields.number(4)?,
            end_offset: fields.number(4)?,
            flags: fields.number(2)? as u16,
            body: Vec::new(),
        })
    }
}

/// The fields of a body, taken from its front one by one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn skip(&mut self, length: usize) -> Option<()> {
        self.bytes(length).map(drop)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|byte| byte[0])
    }

    /// A little-endian number of up to eight bytes.
    pub(crate) fn number(&mut self, length: usize) -> Option<u64> {
        let bytes = self.bytes(length)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |number, byte| (number << 8) | u64::from(*byte)),
        )
    }

    /// A number whose first byte tells its length.
    pub(crate) fn packed_number(&mut self) -> Option<u64> {
        match self.byte()? {
            small @ 0..=250 => Some(u64::from(small)),
            252 => self.number(2),
            253 => self.number(3),
            254 => self.number(8),
            _ => None,
        }
    }

    /// A text behind one byte that tells its length, with a zero byte after it.
    pub(crate) fn name(&mut self) -> Option<String> {
        let length = usize::from(self.byte()?);
        let name = String::from_utf8_lossy(self.bytes(length)?).into_owned();
        self.skip(1)?;
        Some(name)
    }
}

/// A statement in the log.
pub(super) struct Query {
    /// The default database of the session that ran it.
    pub(super) database: String,
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// The settings of that session, as status variables.
    pub(super) variables: Vec<u8>,
    /// The error with which it ended, having done a part.
    pub(super) error_code: u16,
}

impl Query {
    /// Thread (4), seconds (4), length of the database's name (1), error (2), length of the status variables (2); then `extra` bytes in
    /// the statement of a file load, the status variables, the name, a zero byte, and the text.
    pub(super) fn read(body: &[u8], extra: usize) -> Option<Query> {
        let mut fields = Fields(body);
        fields.skip(8)?;
        let database_bytes = usize::from(fields.byte()?);
        let error_code = fields.number(2)? as u16;
        let status_bytes = fields.number(2)? as usize;
        fields.skip(extra)?;
        let variables = fields.bytes(status_bytes)?.to_vec();
        let database = String::from_utf8_lossy(fields.bytes(database_bytes)?).into_owned();
        fields.skip(1)?;
        Some(Query {
            database,
            bytes: fields.0.to_vec(),
            variables,
            error_code,
        })
    }

    /// Leaves the fields at the database's name, and returns its length.
    pub(super) fn skip_to_database(fields: &mut Fields<'_>, extra: usize) -> Option<usize> {
        fields.skip(8)?;
        let database_bytes = usize::from(fields.byte()?);
        fields.skip(2)?;
        let status_bytes = fields.number(2)? as usize;
        fields.skip(extra + status_bytes)?;
        Some(database_bytes)
    }
}

/// Where the log goes on.
pub(super) struct Rotation {
    pub(super) file: String,
    pub(super) offset: u64,
    /// The server made it up for the stream; the file did not end here.
    pub(super) is_fake: bool,
}

impl Rotation {
    pub(super) fn read(event: &LogEvent) -> Option<Rotation> {
        const FLAG_ARTIFICIAL: u16 = 0x20;
        let mut fields = Fields(&event.body);
        let offset = fields.number(8)?;
        Some(Rotation {
            file: String::from_utf8_lossy(fields.0).into_owned(),
            offset,
            is_fake: event.flags & FLAG_ARTIFICIAL != 0 || event.end_offset == 0,
        })
    }
}

/// What a row event does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowAction {
    Insert,
    Update,
    Delete,
}

/// The head of a row event; the rows follow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowsHead {
    pub(crate) table_id: u64,
    /// Columns of the table when it was logged.
    pub(crate) columns: usize,
    /// Rows have an image before the change.
    pub(crate) has_before: bool,
    /// Rows have an image after the change.
    pub(crate) has_after: bool,
    /// Every image holds every column.
    pub(crate) is_full: bool,
    /// The server carried out foreign keys on child rows below the log.
    pub(crate) has_silent_cascades: bool,
}

/// Flags of a row event, the same in both families (`libs/mysql/binlog/event/rows_event.h`, `sql/log_event.h`): the session had foreign
/// keys off, so nothing was cascaded.
const FLAG_NO_FOREIGN_KEY_CHECKS: u64 = 2;
/// MySQL from 9.6 on: the server carried out foreign keys above the storage engine, so what it cascaded is in the log.
const FLAG_SQL_FOREIGN_KEYS: u64 = 16;

impl RowsHead {
    /// Takes the head from the front of a body: table (6), flags (2), in version 2 further data behind its length, the number of columns, and
    /// a bit for each column of each image.
    pub(super) fn take(
        fields: &mut Fields<'_>,
        action: RowAction,
        version: u8,
    ) -> Option<RowsHead> {
        let table_id = fields.number(6)?;
        let flags = fields.number(2)?;
        if version == 2 {
            let length = fields.number(2)? as usize;
            fields.skip(length.checked_sub(2)?)?;
        }
        let columns = usize::try_from(fields.packed_number()?).ok()?;
        let mut is_full = true;
        let images = if action == RowAction::Update { 2 } else { 1 };
        for _ in 0..images {
            let bits = fields.bytes(columns.div_ceil(8))?;
            is_full &= (0..columns).all(|column| bits[column / 8] & (1 << (column % 8)) != 0);
        }
        Some(RowsHead {
            table_id,
            columns,
            has_before: action != RowAction::Insert,
            has_after: action != RowAction::Delete,
            is_full,
            has_silent_cascades: flags & (FLAG_NO_FOREIGN_KEY_CHECKS | FLAG_SQL_FOREIGN_KEYS) == 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_that_are_cut_short_are_noticed() {
        let mut query = vec![0; 8];
        query.extend([3, 0, 0, 2, 0, 9, 9]);
        query.extend(b"lms\0BEGIN");
        let read = Query::read(&query, 0).unwrap();
        assert_eq!(
            (read.database.as_str(), read.bytes.as_slice()),
            ("lms", b"BEGIN".as_slice())
        );
        for length in 0..19 {
            assert!(Query::read(&query[..length], 0).is_none(), "{length}");
        }
        let rows = [7, 0, 0, 0, 0, 0, 1, 0, 2, 0, 9, 0xff, 0x01, 0xff, 0x00];
        for (action, is_full) in [(RowAction::Insert, true), (RowAction::Update, false)] {
            let head = RowsHead::take(&mut Fields(&rows), action, 2).unwrap();
            assert_eq!((head.table_id, head.columns, head.is_full), (7, 9, is_full));
        }
        for (flags, is_silent) in [(1, true), (3, false), (17, false), (18, false)] {
            let mut rows = rows;
            rows[6] = flags;
            let head = RowsHead::take(&mut Fields(&rows), RowAction::Delete, 2).unwrap();
            assert_eq!(head.has_silent_cascades, is_silent, "{flags}");
        }
        for length in 0..13 {
            let head = RowsHead::take(&mut Fields(&rows[..length]), RowAction::Delete, 2);
            assert_eq!(head, None);
        }
        let mut header = vec![0; 19];
        (header[4], header[9]) = (16, 27);
        let event = LogEvent::from_header(&header).unwrap();
        assert_eq!((event.kind, event.size), (16, 27));
        for length in 0..19 {
            assert!(LogEvent::from_header(&header[..length]).is_none());
        }
    }
}
