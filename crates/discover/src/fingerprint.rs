//! Fingerprints of values that may not be held.

use std::fmt;

use ring::{hmac, rand};

/// Hexadecimal digits of a fingerprint: enough that two values of one account do not meet by chance.
const DIGITS: usize = 16;

/// Makes fingerprints under a secret key (HMAC-SHA256), so that equal values can be told from different ones, and a short value cannot be
/// found by trying all of them.
#[derive(Clone)]
pub struct Fingerprint(hmac::Key);

impl Fingerprint {
    /// Under the project's own key.
    pub fn new(key: &[u8]) -> Fingerprint {
        Fingerprint(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// A key to keep with the project. `None`: the system has no random numbers.
    pub fn random_key() -> Option<Vec<u8>> {
        let key: [u8; 32] = rand::generate(&rand::SystemRandom::new()).ok()?.expose();
        Some(key.to_vec())
    }

    /// The fingerprint of a value.
    pub fn of(&self, value: &str) -> String {
        let tag = hmac::sign(&self.0, value.as_bytes());
        let hex = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
        hex.collect::<String>().chars().take(DIGITS).collect()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_the_key_and_shows_nothing() {
        let (one, other) = (Fingerprint::new(b"one"), Fingerprint::new(b"other"));
        assert_eq!(one.of("secret"), one.of("secret"));
        assert_ne!(one.of("secret"), one.of("Secret"));
        assert_ne!(one.of("secret"), other.of("secret"));
        assert_eq!(one.of("").len(), DIGITS);
        assert_eq!(format!("{one:?}"), "[redacted]");
    }
}
