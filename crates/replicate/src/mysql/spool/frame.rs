//! A frame of the spool: a piece of the log, compressed, then encrypted.
//!
//! Four bytes of length, twelve of nonce, and the ciphertext with its tag (AES-256-GCM). The stream's name and the frame's number are authenticated with it, so a
//! frame is good only at its own place. The nonce is random: when the file is cut back, numbers are used again with other content, and a counter would
//! repeat a nonce under the same key, which random ones of 96 bits do not within the few million frames that a spool can have.

use std::io::{self, Read, Write};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use crate::mysql::log::event::Fields;
use crate::position::LogPosition;

/// Bytes of events in a frame, before they are compressed.
pub(super) const FRAME_BYTES: usize = 1024 * 1024;
/// A frame that says to be longer is none.
const SEALED_BYTES_MAX: usize = 4 * FRAME_BYTES;
/// Fast: the source's log must be read quicker than it is written.
const COMPRESSION_LEVEL: i32 = 1;

/// The key of a stream's frames, and what is authenticated with each.
pub(super) struct FrameKey {
    key: LessSafeKey,
    stream: String,
}

impl std::fmt::Debug for FrameKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl FrameKey {
    pub(super) fn new(key: &[u8], stream: &str) -> Option<FrameKey> {
        Some(FrameKey {
            key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?),
            stream: stream.to_owned(),
        })
    }

    fn place(&self, number: u64) -> Aad<Vec<u8>> {
        let mut place = b"reberth spool 1 ".to_vec();
        place.extend(number.to_le_bytes());
        place.extend(self.stream.as_bytes());
        Aad::from(place)
    }
}

/// A new key, as the state tables hold it.
pub(crate) fn new_key() -> Option<[u8; 32]> {
    let mut key = [0; 32];
    SystemRandom::new().fill(&mut key).ok()?;
    Some(key)
}

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The position behind it, if it ends between two transactions.
    pub(super) boundary: Option<LogPosition>,
    /// A piece of the events, which may begin and end inside one.
    pub(super) events: Vec<u8>,
}

fn unwilling(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}

/// Writes a frame and returns its bytes.
pub(super) fn write(
    output: &mut impl Write,
    key: &FrameKey,
    number: u64,
    frame: &Frame,
) -> io::Result<u64> {
    let mut plain = Vec::with_capacity(frame.events.len() + 64);
    match &frame.boundary {
        None => plain.push(0),
        Some(position) => {
            plain.push(1);
            plain.extend(position.offset().to_le_bytes());
            plain.push(u8::try_from(position.file().len()).map_err(io::Error::other)?);
            plain.extend(position.file().as_bytes());
        }
    }
    plain.extend(&frame.events);
    let mut sealed = zstd::bulk::compress(&plain, COMPRESSION_LEVEL)?;
    let mut nonce = [0; NONCE_LEN];
    let random = SystemRandom::new().fill(&mut nonce);
    random.map_err(|_| unwilling("the system gives no random numbers"))?;
    let place = key.place(number);
    key.key
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), place, &mut sealed)
        .map_err(|_| unwilling("a frame cannot be encrypted"))?;
    let length = u32::try_from(sealed.len()).map_err(io::Error::other)?;
    output.write_all(&length.to_le_bytes())?;
    output.write_all(&nonce)?;
    output.write_all(&sealed)?;
    Ok(4 + NONCE_LEN as u64 + u64::from(length))
}

/// Reads the frame of that number, with its bytes. `None`: there is no whole one, or not ours.
pub(super) fn read(
    input: &mut impl Read,
    key: &FrameKey,
    number: u64,
) -> io::Result<Option<(Frame, u64)>> {
    let mut head = [0; 4 + NONCE_LEN];
    if !fill(input, &mut head)? {
        return Ok(None);
    }
    let mut fields = Fields(&head);
    let length = fields.number(4).unwrap_or_default() as usize;
    let mut nonce = [0; NONCE_LEN];
    nonce.copy_from_slice(fields.0);
    if length > SEALED_BYTES_MAX {
        return Ok(None);
    }
    let mut sealed = vec![0; length];
    if !fill(input, &mut sealed)? {
        return Ok(None);
    }
    let nonce = Nonce::assume_unique_for_key(nonce);
    let Ok(packed) = key.key.open_in_place(nonce, key.place(number), &mut sealed) else {
        return Ok(None);
    };
    let plain = zstd::bulk::decompress(packed, SEALED_BYTES_MAX)?;
    let frame = take_apart(&plain).ok_or_else(|| unwilling("a frame is cut short"))?;
    Ok(Some((frame, head.len() as u64 + length as u64)))
}

fn take_apart(plain: &[u8]) -> Option<Frame> {
    let mut fields = Fields(plain);
    let boundary = match fields.byte()? {
        0 => None,
        _ => {
            let offset = fields.number(8)?;
            let length = usize::from(fields.byte()?);
            let file = std::str::from_utf8(fields.bytes(length)?).ok()?;
            Some(LogPosition::new(file, offset)?)
        }
    };
    Some(Frame {
        boundary,
        events: fields.0.to_vec(),
    })
}

/// `false` when the input ends before.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_at_their_place_and_nowhere_else() {
        let key = FrameKey::new(&[7; 32], "forward:lms").unwrap();
        let frames = [None, LogPosition::new("binlog.000009", 77)].map(|boundary| Frame {
            boundary,
            events: b"planted secret ".repeat(400),
        });
        let mut file = Vec::new();
        for (number, frame) in frames.iter().enumerate() {
            write(&mut file, &key, number as u64, frame).unwrap();
        }
        assert!(!file.windows(7).any(|bytes| bytes == b"planted"));
        let read_all = |file: &[u8], key: &FrameKey, first: u64| {
            let (mut input, mut number, mut read_frames) = (file, first, Vec::new());
            while let Some((frame, _)) = read(&mut input, key, number).unwrap() {
                read_frames.push(frame);
                number += 1;
            }
            read_frames
        };
        assert_eq!(read_all(&file, &key, 0), frames);
        assert_eq!(read_all(&file, &key, 1), []);
        let other = FrameKey::new(&[7; 32], "forward:other").unwrap();
        assert_eq!(read_all(&file, &other, 0), []);
        for place in 0..file.len() {
            let mut damaged = file.clone();
            damaged[place] ^= 1;
            assert!(read_all(&damaged, &key, 0).len() < 2, "{place}");
            assert!(read_all(&file[..place], &key, 0).len() < 2, "{place}");
        }
    }
}
