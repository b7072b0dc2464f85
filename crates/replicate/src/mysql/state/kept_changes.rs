//! Row changes as the bytes in which they are kept on the target: each value stands there as it is, so that a part takes no more room than its rows.

use crate::mysql::log::RowChange;
use crate::mysql::log::event::Fields;
use crate::mysql::row::Image;
use crate::mysql::value::Datum;

const HAS_BEFORE: u8 = 1;
const HAS_AFTER: u8 = 2;
const HAS_SILENT_CASCADES: u8 = 4;
const NULL: u8 = 0;
const PLAIN: u8 = 1;
const BYTES: u8 = 2;

/// The bytes of changes.
pub(super) fn write(changes: &[RowChange]) -> Vec<u8> {
    let mut output = Vec::new();
    for change in changes {
        let RowChange {
            table,
            before,
            after,
            has_silent_cascades,
        } = change;
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        output.push(
            flag(before.is_some(), HAS_BEFORE)
                | flag(after.is_some(), HAS_AFTER)
                | flag(*has_silent_cascades, HAS_SILENT_CASCADES),
        );
        write_bytes(table.as_bytes(), &mut output);
        for image in [before, after].into_iter().flatten() {
            write_length(image.len(), &mut output);
            image
                .iter()
                .for_each(|value| write_value(value, &mut output));
        }
    }
    output
}

/// The changes of bytes. `None`: they are cut short or damaged.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<RowChange>> {
    let mut fields = Fields(bytes);
    let mut changes = Vec::new();
    while !fields.0.is_empty() {
        let flags = fields.byte()?;
        let table = read_text(&mut fields)?;
        let mut image = |flag: u8| match flags & flag {
            0 => Some(None),
            _ => read_image(&mut fields).map(Some),
        };
        changes.push(RowChange {
            before: image(HAS_BEFORE)?,
            after: image(HAS_AFTER)?,
            has_silent_cascades: flags & HAS_SILENT_CASCADES != 0,
            table,
        });
    }
    Some(changes)
}

fn write_value(value: &Datum, output: &mut Vec<u8>) {
    match value {
        Datum::Null => output.push(NULL),
        Datum::Plain(text) => {
            output.push(PLAIN);
            write_bytes(text.as_bytes(), output);
        }
        Datum::Bytes(bytes) => {
            output.push(BYTES);
            write_bytes(bytes, output);
        }
    }
}

fn write_bytes(bytes: &[u8], output: &mut Vec<u8>) {
    write_length(bytes.len(), output);
    output.extend_from_slice(bytes);
}

fn write_length(length: usize, output: &mut Vec<u8>) {
    output.extend_from_slice(&(length as u64).to_le_bytes());
}

fn read_image(fields: &mut Fields<'_>) -> Option<Image> {
    let columns = fields.number(8)?;
    (0..columns)
        .map(|_| match fields.byte()? {
            NULL => Some(Datum::Null),
            PLAIN => read_text(fields).map(Datum::Plain),
            BYTES => Some(Datum::Bytes(read_bytes(fields)?.to_vec())),
            _ => None,
        })
        .collect()
}

fn read_text(fields: &mut Fields<'_>) -> Option<String> {
    String::from_utf8(read_bytes(fields)?.to_vec()).ok()
}

fn read_bytes<'a>(fields: &mut Fields<'a>) -> Option<&'a [u8]> {
    let length = usize::try_from(fields.number(8)?).ok()?;
    fields.bytes(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_what_is_cut_short_is_noticed() {
        let row = |text: &str, bytes: &[u8]| {
            vec![
                Datum::Plain(text.to_owned()),
                Datum::Null,
                Datum::Bytes(bytes.to_vec()),
            ]
        };
        let change = |before: Option<Image>, after: Option<Image>, has_silent_cascades| RowChange {
            table: "läden".to_owned(),
            before,
            after,
            has_silent_cascades,
        };
        let changes = [
            change(None, Some(row("1", b"")), true),
            change(
                Some(row("1", b"\0'\\\xff")),
                Some(row("-2.50", b"x")),
                false,
            ),
            change(Some(Vec::new()), None, true),
        ];
        let bytes = write(&changes);
        assert_eq!(read(&bytes).as_deref(), Some(changes.as_slice()));
        let ends = changes
            .each_ref()
            .map(|change| write(std::slice::from_ref(change)).len());
        let whole = [0, ends[0], ends[0] + ends[1]];
        for length in (0..bytes.len()).filter(|length| !whole.contains(length)) {
            assert_eq!(read(&bytes[..length]), None, "{length}");
        }
    }
}
