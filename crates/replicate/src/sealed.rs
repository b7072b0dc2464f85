//! Files of ours that hold row data: where they may be, and how what stands in them is closed to everybody else.
//!
//! Such a file is a row of **frames**: four bytes of length, twelve of nonce, and what was put into it, compressed and then encrypted, with its tag (AES-256-GCM).
//! The name of what the file belongs to and the frame's number are authenticated with it, so a frame is good only at its own place. The nonce is random: a file may
//! be cut back, and then numbers are used again with other content. A counter would repeat a nonce under the same key, which random ones of 96 bits do not within the
//! few million frames that a file can have.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

/// Where such files may be, and how large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolPlan {
    /// Folder that holds them; made if it is missing.
    pub folder: PathBuf,
    /// Bytes on disk at the most, of one stream.
    pub bytes_max: u64,
}

/// Bytes that are put into a frame, before they are compressed.
pub(crate) const FRAME_BYTES: usize = 1024 * 1024;
/// A frame that says to be longer is none.
const SEALED_BYTES_MAX: usize = 4 * FRAME_BYTES;
/// Fast: the source's log must be read quicker than it is written.
const COMPRESSION_LEVEL: i32 = 1;
/// Bytes before what is encrypted.
const HEAD_BYTES: usize = 4 + NONCE_LEN;

/// The key of a file's frames, and what is authenticated with each.
pub(crate) struct FrameKey {
    key: LessSafeKey,
    owner: String,
}

impl std::fmt::Debug for FrameKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl FrameKey {
    pub(crate) fn new(key: &[u8], owner: &str) -> Option<FrameKey> {
        Some(FrameKey {
            key: LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?),
            owner: owner.to_owned(),
        })
    }

    fn place(&self, number: u64) -> Aad<Vec<u8>> {
        let mut place = b"reberth spool 1 ".to_vec();
        place.extend(number.to_le_bytes());
        place.extend(self.owner.as_bytes());
        Aad::from(place)
    }
}

/// A new key.
pub(crate) fn new_key() -> Option<[u8; 32]> {
    let mut key = [0; 32];
    SystemRandom::new().fill(&mut key).ok()?;
    Some(key)
}

pub(crate) fn unwilling(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}

/// Writes a frame and returns its bytes in the file.
pub(crate) fn write(
    output: &mut impl Write,
    key: &FrameKey,
    number: u64,
    plain: &[u8],
) -> io::Result<u64> {
    let mut sealed = zstd::bulk::compress(plain, COMPRESSION_LEVEL)?;
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
    Ok(HEAD_BYTES as u64 + u64::from(length))
}

/// Reads what is in the frame of that number, with its bytes in the file. `None`: there is no whole one, or not ours.
pub(crate) fn read(
    input: &mut impl Read,
    key: &FrameKey,
    number: u64,
) -> io::Result<Option<(Vec<u8>, u64)>> {
    let mut head = [0; HEAD_BYTES];
    if !fill(input, &mut head)? {
        return Ok(None);
    }
    let [one, two, three, four, rest @ ..] = head;
    let length = u32::from_le_bytes([one, two, three, four]) as usize;
    if length > SEALED_BYTES_MAX {
        return Ok(None);
    }
    let mut sealed = vec![0; length];
    if !fill(input, &mut sealed)? {
        return Ok(None);
    }
    let nonce = Nonce::assume_unique_for_key(rest);
    let Ok(packed) = key.key.open_in_place(nonce, key.place(number), &mut sealed) else {
        return Ok(None);
    };
    let plain = zstd::bulk::decompress(packed, SEALED_BYTES_MAX)?;
    Ok(Some((plain, (HEAD_BYTES + length) as u64)))
}

/// `false` when the input ends before.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
