//! Compressed events: MariaDB's single ones (`log_bin_compress`), and MySQL's whole transactions (`binlog_transaction_compression`).
//!
//! MariaDB writes, instead of the tail of the body, one byte (0x80, the method in three bits, of which only 0 for zlib exists, and the
//! number of bytes that follow for the length), that length, highest byte first, and the packed tail. Unpacking stops at the length that was
//! announced, which may not be larger than any event can be; so what a broken log announces is neither believed nor allocated before it is there.

use std::io::Read;

use super::event::{Fields, LogEvent, Query};

/// No event is larger: the largest packet that a server can be set to.
const EVENT_BYTES_MAX: u64 = 1 << 30;

/// The plain body of a compressed statement.
pub(super) fn unpack_query(body: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Fields(body);
    let database_bytes = Query::skip_to_database(&mut fields, 0)?;
    fields.skip(database_bytes + 1)?;
    let mut plain = body[..body.len() - fields.0.len()].to_vec();
    plain.append(&mut unpack(fields)?);
    Some(plain)
}

/// The plain bytes; of a compressed row event these are the rows behind its head, which is not compressed.
pub(super) fn unpack(mut packed: Fields<'_>) -> Option<Vec<u8>> {
    let first = packed.byte()?;
    if first & 0xf0 != 0x80 {
        return None;
    }
    let length_bytes = usize::from(first & 0x07);
    let length = (1..=4).contains(&length_bytes).then_some(length_bytes)?;
    let length = packed
        .bytes(length)?
        .iter()
        .fold(0, |number, byte| (number << 8) | u64::from(*byte));
    if length == 0 || length > EVENT_BYTES_MAX {
        return None;
    }
    let mut plain = Vec::new();
    // One byte more than announced would show that the announcement is wrong.
    flate2::read::ZlibDecoder::new(packed.0)
        .take(length + 1)
        .read_to_end(&mut plain)
        .ok()?;
    (plain.len() as u64 == length).then_some(plain)
}

/// A compressed transaction of MySQL, whose events are unpacked one by one, so that it never stands in memory whole.
pub(super) struct Payload {
    plain: Box<dyn Read + Send>,
}

impl Payload {
    /// Reads the head: fields of a type, a length and a value, until the type 0; then the packed events.
    pub(super) fn open(body: Vec<u8>) -> Result<Payload, String> {
        const SIZE: u64 = 1;
        const METHOD: u64 = 2;
        const ZSTD: u64 = 0;
        const PLAIN: u64 = 255;
        let cut_short = || "a compressed transaction is cut short".to_owned();
        let mut fields = Fields(&body);
        let (mut size, mut method) = (None, None);
        loop {
            let kind = fields.packed_number().ok_or_else(cut_short)?;
            if kind == 0 {
                break;
            }
            let length = fields.packed_number().ok_or_else(cut_short)? as usize;
            let mut value = Fields(fields.bytes(length).ok_or_else(cut_short)?);
            match kind {
                SIZE => size = value.packed_number(),
                METHOD => method = value.packed_number(),
                _ => {}
            }
        }
        if size != Some(fields.0.len() as u64) {
            return Err(cut_short());
        }
        let start = body.len() - fields.0.len();
        let mut packed = std::io::Cursor::new(body);
        packed.set_position(start as u64);
        let plain: Box<dyn Read + Send> = match method {
            Some(ZSTD) => {
                let decoder = zstd::stream::read::Decoder::new(packed);
                Box::new(decoder.map_err(|error| error.to_string())?)
            }
            Some(PLAIN) => Box::new(packed),
            _ => return Err("a transaction is compressed in a way that is not known".to_owned()),
        };
        Ok(Payload { plain })
    }

    /// The next event; `None` behind the last one.
    pub(super) fn next(&mut self) -> Result<Option<LogEvent>, String> {
        let failed =
            |error: std::io::Error| format!("a compressed transaction cannot be unpacked: {error}");
        let mut head = Vec::new();
        let mut limited = (&mut self.plain).take(LogEvent::HEADER_BYTES as u64);
        limited.read_to_end(&mut head).map_err(failed)?;
        if head.is_empty() {
            return Ok(None);
        }
        let broken = || "a compressed transaction holds a broken event".to_owned();
        let mut event = LogEvent::from_header(&head).ok_or_else(broken)?;
        let length = event.size.checked_sub(LogEvent::HEADER_BYTES as u64);
        let length = length
            .filter(|length| *length <= EVENT_BYTES_MAX)
            .ok_or_else(broken)?;
        let mut limited = (&mut self.plain).take(length);
        limited.read_to_end(&mut event.body).map_err(failed)?;
        if event.body.len() as u64 != length {
            return Err(broken());
        }
        Ok(Some(event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn packed(length: u32, plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        let mut bytes = vec![0x84];
        bytes.extend(length.to_be_bytes());
        bytes.extend(encoder.finish().unwrap());
        bytes
    }

    #[test]
    fn packed_tails_are_unpacked_to_the_announced_length_and_no_further() {
        let plain = vec![7; 5000];
        assert_eq!(unpack(Fields(&packed(5000, &plain))), Some(plain.clone()));
        for wrong in [0, 1, 4999, 5001, u32::MAX] {
            assert_eq!(unpack(Fields(&packed(wrong, &plain))), None, "{wrong}");
        }
        let whole = packed(5000, &plain);
        for length in 0..whole.len() {
            assert_eq!(unpack(Fields(&whole[..length])), None);
        }
        let mut other_method = whole;
        other_method[0] = 0x94;
        assert_eq!(unpack(Fields(&other_method)), None);
    }

    #[test]
    fn compressed_transactions_give_their_events_or_an_error() {
        let mut events = Vec::new();
        for kind in [2_u8, 16] {
            let mut event = vec![0; 29];
            (event[4], event[9]) = (kind, 29);
            events.extend(event);
        }
        let frame = zstd::stream::encode_all(events.as_slice(), 3).unwrap();
        let mut body = vec![2, 1, 0, 1, 1, frame.len() as u8, 0];
        body.extend(&frame);
        let mut payload = Payload::open(body.clone()).unwrap();
        assert_eq!(payload.next().unwrap().unwrap().kind, 2);
        assert_eq!(payload.next().unwrap().unwrap().body.len(), 10);
        assert_eq!(payload.next(), Ok(None));
        assert!(Payload::open(body[..body.len() - 1].to_vec()).is_err());
        let last = body.len() - 1;
        body[last - 8] ^= 0xff;
        let mut broken = Payload::open(body).unwrap();
        assert!((0..3).any(|_| broken.next().is_err()));
    }
}
