//! The messages of `pgoutput`: whole transactions in the order of their commits, as version 1 of its protocol sends them, and what version 2 puts around the pieces of
//! one that is still in progress.
//!
//! Format: PostgreSQL manual, "Logical Replication Message Formats".

/// A field of a row that changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// NULL.
    Null,
    /// Stored outside of the row and not changed, so the log does not hold it (rule 21).
    Unchanged,
    /// The text form.
    Text(Box<[u8]>),
}

/// The fields of a row, by the columns of its [`Relation`].
pub type Tuple = Vec<Value>;

/// What the source's log calls a table from here on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The number that changes name it by.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its columns, those that the server computes left out: name, number of the type, and the type's modifier.
    pub columns: Vec<(String, u32, i32)>,
}

/// The old row of a change, as far as the replica identity tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Old {
    /// The key's fields; the others are NULL.
    Key(Tuple),
    /// All fields.
    Row(Tuple),
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A transaction begins, of that number.
    Begin {
        /// Its number, the lower half.
        transaction: u32,
    },
    /// It has committed.
    Commit {
        /// The end of its commit record: a restart goes on from here.
        end: u64,
    },
    /// What a table looks like from here on.
    Relation(Relation),
    /// A row was inserted.
    Insert {
        /// The table.
        oid: u32,
        /// The row.
        new: Tuple,
    },
    /// A row was changed.
    Update {
        /// The table.
        oid: u32,
        /// What it was; nothing if its key did not change.
        old: Option<Old>,
        /// What it is.
        new: Tuple,
    },
    /// A row was deleted.
    Delete {
        /// The table.
        oid: u32,
        /// What it was.
        old: Old,
    },
    /// Tables were emptied together.
    Truncate {
        /// The tables.
        oids: Vec<u32>,
    },
    /// Something that says nothing about rows.
    Other,
}

/// What is said of the pieces of transactions in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// What follows belongs to a transaction of that number.
    Start {
        /// Its number.
        top: u32,
    },
    /// What follows belongs to it no more.
    Stop,
    /// It has committed.
    Commit {
        /// Its number.
        top: u32,
        /// The end of its commit record: a restart goes on from here.
        end: u64,
    },
    /// A part of it was rolled back.
    Abort {
        /// Its number.
        top: u32,
        /// That of the part; its own: all of it.
        part: u32,
    },
}

/// Reads what is said of pieces. `None`: it is something else.
pub fn segment(body: &[u8]) -> Option<Segment> {
    let (tag, rest) = body.split_first()?;
    let mut rest = Bytes(rest);
    let segment = match tag {
        b'S' => {
            let top = rest.u32()?;
            rest.skip(1)?;
            Segment::Start { top }
        }
        b'E' => Segment::Stop,
        b'c' => {
            let top = rest.u32()?;
            rest.skip(9)?;
            let end = rest.u64()?;
            rest.skip(8)?;
            Segment::Commit { top, end }
        }
        b'A' => Segment::Abort {
            top: rest.u32()?,
            part: rest.u32()?,
        },
        _ => return None,
    };
    rest.0.is_empty().then_some(segment)
}

/// A message within a piece, without the number that it carries there: the number, the message's tag, and what follows. `None`: it is cut short.
pub fn within(body: &[u8]) -> Option<(u32, u8, &[u8])> {
    let (tag, rest) = body.split_first()?;
    let mut rest = Bytes(rest);
    let number = rest.u32()?;
    Some((number, *tag, rest.0))
}

/// Reads a message. `None`: it is none of this protocol.
pub fn decode(body: &[u8]) -> Option<Message> {
    let (tag, rest) = body.split_first()?;
    let mut rest = Bytes(rest);
    let message = match tag {
        b'B' => {
            rest.skip(16)?;
            Message::Begin {
                transaction: rest.u32()?,
            }
        }
        b'C' => {
            rest.skip(9)?;
            let end = rest.u64()?;
            rest.skip(8)?;
            Message::Commit { end }
        }
        b'R' => Message::Relation(relation(&mut rest)?),
        b'I' => {
            let oid = rest.u32()?;
            rest.tag(b'N')?;
            Message::Insert {
                oid,
                new: rest.tuple()?,
            }
        }
        b'U' => {
            let oid = rest.u32()?;
            let old = match rest.0.first()? {
                b'N' => None,
                _ => Some(rest.old()?),
            };
            rest.tag(b'N')?;
            Message::Update {
                oid,
                old,
                new: rest.tuple()?,
            }
        }
        b'D' => Message::Delete {
            oid: rest.u32()?,
            old: rest.old()?,
        },
        b'T' => {
            let count = rest.u32()?;
            rest.skip(1)?;
            let oids: Option<Vec<u32>> = (0..count).map(|_| rest.u32()).collect();
            Message::Truncate { oids: oids? }
        }
        b'O' | b'Y' | b'M' => return Some(Message::Other),
        _ => return None,
    };
    rest.0.is_empty().then_some(message)
}

fn relation(rest: &mut Bytes<'_>) -> Option<Relation> {
    let (oid, schema, name) = (rest.u32()?, rest.text()?, rest.text()?);
    rest.skip(1)?;
    let count = rest.u16()?;
    let columns: Option<Vec<(String, u32, i32)>> = (0..count)
        .map(|_| {
            rest.skip(1)?;
            Some((rest.text()?, rest.u32()?, rest.u32()? as i32))
        })
        .collect();
    Some(Relation {
        oid,
        schema,
        name,
        columns: columns?,
    })
}

/// Bytes that are taken off the front.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.0 = self.0.get(count..)?;
        Some(())
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn tag(&mut self, expected: u8) -> Option<()> {
        let [tag] = self.take()?;
        (tag == expected).then_some(())
    }

    fn text(&mut self) -> Option<String> {
        let end = memchr::memchr(0, self.0)?;
        let text = String::from_utf8_lossy(&self.0[..end]).into_owned();
        self.0 = &self.0[end + 1..];
        Some(text)
    }

    fn old(&mut self) -> Option<Old> {
        let [tag] = self.take()?;
        match tag {
            b'K' => self.tuple().map(Old::Key),
            b'O' => self.tuple().map(Old::Row),
            _ => None,
        }
    }

    fn tuple(&mut self) -> Option<Tuple> {
        let count = self.u16()?;
        let mut tuple = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let [kind] = self.take()?;
            tuple.push(match kind {
                b'n' => Value::Null,
                b'u' => Value::Unchanged,
                b't' => {
                    let length = self.u32()? as usize;
                    let (text, rest) = self.0.split_at_checked(length)?;
                    self.0 = rest;
                    Value::Text(text.into())
                }
                _ => return None,
            });
        }
        Some(tuple)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPDATE: &[u8] = b"U\0\0\0\x07K\0\x02t\0\0\0\x011nN\0\x02t\0\0\0\x012u";

    #[test]
    fn a_changed_key_comes_with_the_old_one() {
        let text = |text: &str| Value::Text(text.as_bytes().into());
        assert_eq!(
            decode(UPDATE),
            Some(Message::Update {
                oid: 7,
                old: Some(Old::Key(vec![text("1"), Value::Null])),
                new: vec![text("2"), Value::Unchanged],
            })
        );
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_no_message() {
        for end in 0..UPDATE.len() {
            assert_eq!(decode(&UPDATE[..end]), None, "{end}");
        }
        assert_eq!(decode(&[UPDATE, b"x"].concat()), None);
        assert_eq!(decode(b"?"), None);
    }

    #[test]
    fn pieces_of_transactions_are_told_from_what_is_in_them() {
        let commit = [
            b"c\0\0\0\x09\0",
            &[0; 8][..],
            &[0, 0, 0, 0, 0, 0, 1, 2],
            &[0; 8],
        ]
        .concat();
        let (top, end) = (9, 258);
        for (body, expected) in [
            (&b"S\0\0\0\x09\x01"[..], Segment::Start { top }),
            (b"E", Segment::Stop),
            (&commit, Segment::Commit { top, end }),
            (b"A\0\0\0\x09\0\0\0\x0a", Segment::Abort { top, part: 10 }),
        ] {
            assert_eq!(segment(body), Some(expected));
            assert_eq!(segment(&[body, b"x"].concat()), None);
            for end in 0..body.len() {
                assert_eq!(segment(&body[..end]), None, "{expected:?} {end}");
            }
        }
        assert_eq!(segment(UPDATE), None);
        let insert = b"I\0\0\0\x0a\0\0\0\x07N";
        assert_eq!(within(insert), Some((10, b'I', &b"\0\0\0\x07N"[..])));
        assert_eq!(within(&insert[..4]), None);
    }
}
