//! Rows of the text protocol, turned into the text that `LOAD DATA` reads.
//!
//! On the wire a field is its length and its bytes, or one byte for NULL. In the text fields end with a tab and rows with a line break; these two
//! and the backslash are written with a backslash before them, and NULL is `\N`. Nothing else is special when both sides speak the character
//! set `binary`, so every byte arrives as it was. What lies between is never looked at: not the type, not the character set.
//!
//! A row comes in pieces that end anywhere, also within a length; what is unfinished is kept between calls, and never more than nine bytes.

/// Bytes of a field below which a plain loop is faster than a search.
const SHORT_FIELD: usize = 16;
const NULL_MARK: u8 = 0xfb;

/// Turns rows into text; one for each answer.
#[derive(Debug)]
pub(crate) struct RowText {
    /// Fields of a row.
    fields: usize,
    /// Fields of the present row that have ended.
    ended: usize,
    /// Bytes of the present field still to come.
    field_left: usize,
    /// The begun length of a field.
    length: [u8; 9],
    length_has: usize,
    rows: u64,
}

impl RowText {
    /// For rows of that many fields.
    pub(crate) fn new(fields: usize) -> RowText {
        RowText {
            fields,
            ended: 0,
            field_left: 0,
            length: [0; 9],
            length_has: 0,
            rows: 0,
        }
    }

    /// Rows that have ended.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the next bytes of a row.
    pub(crate) fn feed(&mut self, mut piece: &[u8], out: &mut Vec<u8>) {
        out.reserve(piece.len() + piece.len() / 8);
        while !piece.is_empty() {
            if self.field_left > 0 {
                let (now, rest) = piece.split_at(self.field_left.min(piece.len()));
                write_escaped(now, out);
                self.field_left -= now.len();
                piece = rest;
                if self.field_left == 0 {
                    self.end_field(out);
                }
                continue;
            }
            let (first, rest) = (piece[0], &piece[1..]);
            piece = rest;
            match first {
                length @ 0..NULL_MARK if self.length_has == 0 => {
                    self.begin_field(usize::from(length), out)
                }
                NULL_MARK if self.length_has == 0 => {
                    out.extend_from_slice(b"\\N");
                    self.end_field(out);
                }
                byte => self.take_length(byte, out),
            }
        }
    }

    /// Ends the row. `false`: it had too few or too many fields.
    pub(crate) fn end_row(&mut self, out: &mut [u8]) -> bool {
        let is_whole = self.ended == self.fields && self.field_left == 0 && self.length_has == 0;
        // The tab after the last field becomes the end of the row.
        if let Some(last) = out.last_mut() {
            *last = b'\n';
        }
        self.ended = 0;
        self.rows += 1;
        is_whole
    }

    /// Takes one byte of a length that is longer than one byte.
    fn take_length(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.length[self.length_has] = byte;
        self.length_has += 1;
        let wanted = match self.length[0] {
            0xfc => 3,
            0xfd => 4,
            _ => 9,
        };
        if self.length_has == wanted {
            let bytes = &self.length[1..wanted];
            let length = bytes
                .iter()
                .rev()
                .fold(0, |length, byte| length << 8 | usize::from(*byte));
            self.length_has = 0;
            self.begin_field(length, out);
        }
    }

    fn begin_field(&mut self, length: usize, out: &mut Vec<u8>) {
        self.field_left = length;
        if length == 0 {
            self.end_field(out);
        }
    }

    fn end_field(&mut self, out: &mut Vec<u8>) {
        self.ended += 1;
        out.push(b'\t');
    }
}

fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    let mut from = 0;
    let mut escape = |at: usize| {
        out.extend_from_slice(&bytes[from..at]);
        out.push(b'\\');
        from = at;
    };
    if bytes.len() < SHORT_FIELD {
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(byte, b'\\' | b'\t' | b'\n') {
                escape(at);
            }
        }
    } else {
        for at in memchr::memchr3_iter(b'\\', b'\t', b'\n', bytes) {
            escape(at);
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

/// The fields of a whole row, one after another: `None` for a NULL. Ends with one `None` in place of a field if the row is cut short.
pub(crate) fn row_fields(row: &[u8]) -> impl Iterator<Item = Option<Option<&[u8]>>> {
    let mut rest = Some(row);
    std::iter::from_fn(move || {
        let row = rest.filter(|row| !row.is_empty())?;
        let taken = take_field(row);
        rest = taken.map(|(_, rest)| rest);
        Some(taken.map(|(field, _)| field))
    })
}

/// The first field of a row and what is behind it.
fn take_field(row: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let (&first, rest) = row.split_first()?;
    let width = match first {
        NULL_MARK => return Some((None, rest)),
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        _ => 0,
    };
    let (length, rest) = rest.split_at_checked(width)?;
    let length = match width {
        0 => usize::from(first),
        _ => length
            .iter()
            .rev()
            .fold(0, |length, byte| length << 8 | usize::from(*byte)),
    };
    let (field, rest) = rest.split_at_checked(length)?;
    Some((Some(field), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field as it lies on the wire.
    fn on_wire(field: Option<&[u8]>) -> Vec<u8> {
        let Some(field) = field else {
            return vec![NULL_MARK];
        };
        let length = (field.len() as u64).to_le_bytes();
        let mut bytes = match field.len() {
            0..=250 => vec![length[0]],
            251..=0xffff => [&[0xfc], &length[..2]].concat(),
            0x1_0000..=0xff_ffff => [&[0xfd], &length[..3]].concat(),
            _ => [&[0xfe], &length[..]].concat(),
        };
        bytes.extend_from_slice(field);
        bytes
    }

    #[test]
    fn rows_become_the_same_text_wherever_they_are_cut() {
        let long = [b'a', b'\\', b'b'].repeat(200);
        let huge = vec![0xff; 0x1_0000];
        let row: &[Option<&[u8]>] = &[
            Some(b"plain"),
            None,
            Some(b""),
            Some(b"tab\tline\nback\\slash"),
            Some(b"\\N"),
            Some(&[0, 0xfb, 0xfe, 0xff, 13, 26, 39, 34]),
            Some(&long),
            Some(&huge),
        ];
        let wire: Vec<u8> = row.iter().flat_map(|field| on_wire(*field)).collect();
        let expected = [
            &b"plain\t\\N\t\ttab\\\tline\\\nback\\\\slash\t\\\\N\t\x00\xfb\xfe\xff\x0d\x1a\x27\x22\t"[..],
            &b"a\\\\b".repeat(200),
            b"\t",
            &huge,
            b"\n",
        ]
        .concat();
        for size in [1, 2, 3, 5, 7, 64, 1000, wire.len()] {
            let (mut text, mut out) = (RowText::new(row.len()), Vec::new());
            for _ in 0..2 {
                wire.chunks(size)
                    .for_each(|piece| text.feed(piece, &mut out));
                assert!(text.end_row(&mut out));
            }
            assert!(
                out == [&expected[..], &expected].concat(),
                "pieces of {size}"
            );
            assert_eq!(text.rows(), 2);
        }
        assert!(row_fields(&wire).eq(row.iter().map(|field| Some(*field))));
    }

    #[test]
    fn a_row_with_another_number_of_fields_is_noticed() {
        for (fields, wire) in [
            (1, &[1, b'a', 0][..]),
            (2, &[1, b'a']),
            (1, &[2, b'a']),
            (1, &[0xfc, 1]),
        ] {
            let (mut text, mut out) = (RowText::new(fields), Vec::new());
            text.feed(wire, &mut out);
            assert!(!text.end_row(&mut out), "{wire:?}");
        }
        for cut_short in [&[1, b'a', 5, b'a'][..], &[1, b'a', 0xfe, 1]] {
            assert!(row_fields(cut_short).eq([Some(Some(&b"a"[..])), None]));
        }
    }
}
