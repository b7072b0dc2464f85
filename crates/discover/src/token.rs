//! The provider's API token, kept out of everything that is printed.

use std::fmt;

use ring::aead;

use crate::DiscoverError;
use crate::answer_cache::sealing_key;

/// An API token. It prints as `[redacted]` and leaves only in the authorization header.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Takes a token as a person or the environment gave it; surrounding white space is dropped.
    pub fn new(text: &str) -> Result<Token, DiscoverError> {
        let text = text.trim();
        let is_sendable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_sendable {
            Ok(Token(text.to_owned()))
        } else {
            Err(DiscoverError::TokenMalformed)
        }
    }

    /// The value of the authorization header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// A key derived from the token, which seals what only who has the token may read.
    pub(crate) fn sealing_key(&self, salt: &[u8], purpose: &[u8]) -> aead::LessSafeKey {
        sealing_key(self.0.as_bytes(), salt, purpose)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_printed_and_must_fit_a_header() {
        let token = Token::new(" dop_v1_abc\n").unwrap();
        assert_eq!(format!("{token} {token:?}"), "[redacted] [redacted]");
        assert_eq!(token.bearer(), "Bearer dop_v1_abc");
        for wrong in ["", "  ", "two words", "line\nbreak", "ümlaut"] {
            assert!(Token::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
