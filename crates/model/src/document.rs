//! How documents become bytes, and how their hash is taken.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The version of the document formats this build writes.
pub const SCHEMA: u32 = 1;

/// Serialises a document the one way that Reberth writes documents: two-space JSON with a final newline.
/// The same content gives the same bytes.
pub fn to_bytes<T: Serialize>(document: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = serde_json::to_vec_pretty(document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The SHA-256 of some bytes in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
