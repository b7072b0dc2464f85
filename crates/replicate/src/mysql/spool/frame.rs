//! A frame of the spool: a piece of the log, and the position behind it, sealed as [`crate::sealed`] says.

use std::io::{self, Read, Write};

use crate::mysql::log::event::Fields;
use crate::position::LogPosition;
use crate::sealed;

pub(super) use crate::sealed::{FRAME_BYTES, FrameKey};

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// The position behind it, if it ends between two transactions.
    pub(super) boundary: Option<LogPosition>,
    /// A piece of the events, which may begin and end inside one.
    pub(super) events: Vec<u8>,
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
    sealed::write(output, key, number, &plain)
}

/// Reads the frame of that number, with its bytes. `None`: there is no whole one, or not ours.
pub(super) fn read(
    input: &mut impl Read,
    key: &FrameKey,
    number: u64,
) -> io::Result<Option<(Frame, u64)>> {
    let Some((plain, bytes)) = sealed::read(input, key, number)? else {
        return Ok(None);
    };
    let frame = take_apart(&plain).ok_or_else(|| sealed::unwilling("a frame is cut short"))?;
    Ok(Some((frame, bytes)))
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
