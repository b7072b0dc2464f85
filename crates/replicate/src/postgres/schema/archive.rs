//! Reads the table of contents of a `pg_dump --format=custom`: every object of the schema with its statement, what it needs, and its owner.
//!
//! The plain format would have to be cut into statements again by its comments, which a function's body may imitate. The archive has
//! the same statements one by one. Its layout is what `ReadHead` and `ReadToc` of PostgreSQL's `pg_backup_archiver.c` read; versions
//! 1.14 (pg_dump 12) to 1.16 (pg_dump 17 and 18) are known.

/// The oldest version of the layout that is read, and the newest.
const VERSIONS: std::ops::RangeInclusive<(u8, u8)> = (1, 14)..=(1, 16);
const FORMAT_CUSTOM: u8 = 1;

/// Why a dump could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ArchiveError {
    /// It ends too early, or is none.
    #[error("it is no archive of pg_dump, or ends within {0}")]
    Broken(&'static str),
    /// It was written by another pg_dump than is known.
    #[error(
        "its layout is {0}.{1}; those of pg_dump 12 (1.14) to pg_dump 18 (1.16) are known: use one of these"
    )]
    Unknown(u8, u8),
}

/// When a part of the schema is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Settings of the dump itself, and what belongs nowhere.
    None,
    /// Before the rows.
    PreData,
    /// The rows.
    Data,
    /// After them: indexes, constraints, triggers.
    PostData,
}

/// One object, or one property of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in this archive.
    pub id: u32,
    /// The system catalogue that has it, and its number there; 0 where it has none.
    pub catalogue: u32,
    /// See `catalogue`.
    pub oid: u32,
    /// Its name as pg_dump shows it: not quoted, and for a part with the object's name before it.
    pub name: String,
    /// What it is, in pg_dump's words: `TABLE`, `FK CONSTRAINT`, `INDEX ATTACH`, ...
    pub kind: String,
    /// When it is made.
    pub section: Section,
    /// The statements that make it.
    pub definition: String,
    /// The statement that removes it; it has the object's name as statements write it.
    pub removal: String,
    /// Its schema, if it lies in one.
    pub schema: Option<String>,
    /// The tablespace that it asks for.
    pub tablespace: Option<String>,
    /// The access method that stores it, if it is a table or a materialised view: `heap`, or an extension's.
    pub access_method: Option<String>,
    /// A partitioned table stores nothing; its access method is what later partitions get.
    pub is_partitioned: bool,
    /// Who owns it.
    pub owner: Option<String>,
    /// The entries that it needs.
    pub needs: Vec<u32>,
}

/// Reads the entries in the order in which pg_dump would make them.
pub fn entries(archive: &[u8]) -> Result<Vec<Entry>, ArchiveError> {
    let mut reader = Reader {
        rest: archive,
        bytes_of_number: 4,
        version: (0, 0),
    };
    let offset_bytes = reader.head()?;
    let count = reader.number()?.max(0);
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(reader.entry(offset_bytes)?);
    }
    Ok(entries)
}

struct Reader<'a> {
    rest: &'a [u8],
    bytes_of_number: usize,
    version: (u8, u8),
}

impl<'a> Reader<'a> {
    /// Reads up to the first entry. Returns how many bytes an offset has.
    fn head(&mut self) -> Result<usize, ArchiveError> {
        if self.take(5)? != b"PGDMP" {
            return Err(ArchiveError::Broken("its first five bytes"));
        }
        self.version = (self.byte()?, self.byte()?);
        let _revision = self.byte()?;
        if !VERSIONS.contains(&self.version) {
            return Err(ArchiveError::Unknown(self.version.0, self.version.1));
        }
        self.bytes_of_number = usize::from(self.byte()?);
        let offset_bytes = usize::from(self.byte()?);
        if self.byte()? != FORMAT_CUSTOM || !(1..=8).contains(&self.bytes_of_number) {
            return Err(ArchiveError::Broken("its head"));
        }
        if self.version >= (1, 15) {
            self.byte()?;
        } else {
            self.number()?;
        }
        // The seven parts of the time at which it was made.
        for _ in 0..7 {
            self.number()?;
        }
        // The database, the server's version, pg_dump's version.
        for _ in 0..3 {
            self.text()?;
        }
        Ok(offset_bytes)
    }

    fn entry(&mut self, offset_bytes: usize) -> Result<Entry, ArchiveError> {
        let id = self.number()?;
        let _had_rows = self.number()?;
        let catalogue = self.text_number()?;
        let oid = self.text_number()?;
        let name = self.text()?.unwrap_or_default();
        let kind = self.text()?.unwrap_or_default();
        let section = section(self.number()?)?;
        let definition = self.text()?.unwrap_or_default();
        let removal = self.text()?.unwrap_or_default();
        let _copy = self.text()?;
        let schema = self.text()?.filter(|name| !name.is_empty());
        let tablespace = self.text()?.filter(|name| !name.is_empty());
        let access_method = self.text()?.filter(|name| !name.is_empty());
        // Before, no partitioned table had an access method of its own.
        let relation_kind = match self.version >= (1, 16) {
            true => self.number()?,
            false => 0,
        };
        let owner = self.text()?.filter(|name| !name.is_empty());
        let _with_oids = self.text()?;
        let mut needs = Vec::new();
        while let Some(number) = self.text()? {
            needs.push(parse(&number)?);
        }
        let _state_and_offset = self.take(1 + offset_bytes)?;
        Ok(Entry {
            id: u32::try_from(id).map_err(|_| ArchiveError::Broken("an entry's number"))?,
            catalogue,
            oid,
            name,
            kind,
            section,
            definition,
            removal,
            schema,
            tablespace,
            access_method,
            is_partitioned: relation_kind == i64::from(b'p'),
            owner,
            needs,
        })
    }

    fn take(&mut self, bytes: usize) -> Result<&'a [u8], ArchiveError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(bytes)
            .ok_or(ArchiveError::Broken("its table of contents"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, ArchiveError> {
        Ok(self.take(1)?.first().copied().unwrap_or_default())
    }

    /// A sign, then the bytes from the lowest to the highest.
    fn number(&mut self) -> Result<i64, ArchiveError> {
        let is_negative = self.byte()? != 0;
        let mut value: u64 = 0;
        for (place, byte) in self.take(self.bytes_of_number)?.iter().enumerate() {
            value |= u64::from(*byte) << (8 * place);
        }
        let value = i64::try_from(value).map_err(|_| ArchiveError::Broken("a number"))?;
        Ok(if is_negative { -value } else { value })
    }

    /// A length, negative for none, then the bytes.
    fn text(&mut self) -> Result<Option<String>, ArchiveError> {
        let Ok(bytes) = usize::try_from(self.number()?) else {
            return Ok(None);
        };
        let text = String::from_utf8(self.take(bytes)?.to_vec());
        text.map(Some)
            .map_err(|_| ArchiveError::Broken("a text that is not UTF-8"))
    }

    fn text_number(&mut self) -> Result<u32, ArchiveError> {
        self.text()?.map_or(Ok(0), |text| parse(&text))
    }
}

fn parse(text: &str) -> Result<u32, ArchiveError> {
    text.parse()
        .map_err(|_| ArchiveError::Broken("an object's number"))
}

fn section(number: i64) -> Result<Section, ArchiveError> {
    match number {
        1 => Ok(Section::None),
        2 => Ok(Section::PreData),
        3 => Ok(Section::Data),
        4 => Ok(Section::PostData),
        _ => Err(ArchiveError::Broken("a section")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: i32) -> Vec<u8> {
        let sign = u8::from(value < 0);
        [&[sign][..], &value.unsigned_abs().to_le_bytes()].concat()
    }

    fn text(value: &str) -> Vec<u8> {
        [number(value.len() as i32), value.as_bytes().to_vec()].concat()
    }

    /// An archive of version 1.16 with one view that needs entry 4.
    fn archive() -> Vec<u8> {
        let mut bytes = b"PGDMP\x01\x10\x00\x04\x08\x01\x00".to_vec();
        bytes.extend((0..7).flat_map(|_| number(0)));
        bytes.extend(["shop", "15.1", "18.6"].iter().flat_map(|word| text(word)));
        bytes.extend([number(1), number(7), number(0)].concat());
        bytes.extend(
            ["1259", "16400", "naïve", "VIEW"]
                .iter()
                .flat_map(|word| text(word)),
        );
        bytes.extend(number(2));
        bytes.extend(
            ["CREATE VIEW …", "DROP VIEW …"]
                .iter()
                .flat_map(|word| text(word)),
        );
        bytes.extend(number(-1));
        bytes.extend(["public", "", "heap"].iter().flat_map(|word| text(word)));
        bytes.extend(number(i32::from(b'v')));
        bytes.extend(["owner", "false", "4"].iter().flat_map(|word| text(word)));
        bytes.extend(number(-1));
        bytes.extend([3; 9]);
        bytes
    }

    #[test]
    fn an_entry_is_read_whole() {
        let read = entries(&archive()).unwrap();
        assert_eq!(read.len(), 1);
        let entry = &read[0];
        assert_eq!((entry.id, entry.catalogue, entry.oid), (7, 1259, 16400));
        assert_eq!(
            (entry.name.as_str(), entry.kind.as_str()),
            ("naïve", "VIEW")
        );
        assert_eq!(entry.section, Section::PreData);
        assert_eq!(entry.schema.as_deref(), Some("public"));
        assert_eq!(entry.owner.as_deref(), Some("owner"));
        assert_eq!((&entry.tablespace, &entry.needs), (&None, &vec![4]));
        assert_eq!(entry.access_method.as_deref(), Some("heap"));
    }

    #[test]
    fn an_archive_cut_anywhere_is_refused_in_words() {
        let whole = archive();
        for length in 0..whole.len() {
            assert!(entries(&whole[..length]).is_err(), "cut at {length}");
        }
        let mut future = whole;
        future[6] = 17;
        assert_eq!(entries(&future), Err(ArchiveError::Unknown(1, 17)));
    }
}
