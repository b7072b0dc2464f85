//! SCRAM-SHA-256 as RFC 5802 and RFC 7677 have it, without channel binding: TLS has verified the server's name already.
//!
//! The password never travels. The server proves that it knows the password too, and a server that does not is not believed.

use std::num::NonZeroU32;

use base64::prelude::{BASE64_STANDARD, Engine};
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, pbkdf2};

use super::WireError;

/// The mechanism's name.
pub(super) const MECHANISM: &str = "SCRAM-SHA-256";
/// More rounds than any server asks for; one that asks for more only wants to keep us busy.
const ROUNDS_MOST: u32 = 10_000_000;
const KEY_BYTES: usize = digest::SHA256_OUTPUT_LEN;

/// An exchange that has begun.
pub(super) struct Scram {
    password: String,
    nonce: String,
    first_bare: String,
    expected_signature: Option<hmac::Tag>,
}

impl Scram {
    /// A new exchange.
    pub(super) fn new(password: &str) -> Result<Scram, WireError> {
        let mut random = [0; 18];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| login("this machine gives no random numbers"))?;
        let nonce: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Scram::with_nonce(password, nonce, ""))
    }

    fn with_nonce(password: &str, nonce: String, user: &str) -> Scram {
        Scram {
            password: password.to_owned(),
            // The server takes the user from the start of the session.
            first_bare: format!("n={user},r={nonce}"),
            nonce,
            expected_signature: None,
        }
    }

    /// Our first words.
    pub(super) fn first(&self) -> String {
        format!("n,,{}", self.first_bare)
    }

    /// Our answer to the server's first words.
    pub(super) fn proof(&mut self, server_first: &str) -> Result<String, WireError> {
        let broken = || login("the server's words in the exchange are not those of SCRAM");
        let part = |letter: &str| {
            let mut parts = server_first.split(',');
            parts.find_map(|part| part.strip_prefix(letter)?.strip_prefix('='))
        };
        let nonce = part("r").ok_or_else(broken)?;
        let salt = part("s").and_then(decoded).ok_or_else(broken)?;
        let rounds: u32 = part("i")
            .and_then(|text| text.parse().ok())
            .ok_or_else(broken)?;
        let rounds = NonZeroU32::new(rounds).ok_or_else(broken)?;
        if !nonce.starts_with(&self.nonce) || nonce == self.nonce || rounds.get() > ROUNDS_MOST {
            return Err(broken());
        }
        let mut salted = [0; KEY_BYTES];
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            rounds,
            &salt,
            self.password.as_bytes(),
            &mut salted,
        );
        let client_key = signed(&salted, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
        let without_proof = format!("c=biws,r={nonce}");
        let all = format!("{},{server_first},{without_proof}", self.first_bare);
        let signature = signed(stored_key.as_ref(), all.as_bytes());
        let proof: Vec<u8> = client_key
            .as_ref()
            .iter()
            .zip(signature.as_ref())
            .map(|(one, other)| one ^ other)
            .collect();
        let server_key = signed(&salted, b"Server Key");
        self.expected_signature = Some(signed(server_key.as_ref(), all.as_bytes()));
        Ok(format!(
            "{without_proof},p={}",
            BASE64_STANDARD.encode(proof)
        ))
    }

    /// Whether the server has proven that it knows the password.
    pub(super) fn is_believed(&self, server_final: &str) -> bool {
        let given = server_final.strip_prefix("v=").and_then(decoded);
        match (&self.expected_signature, given) {
            (Some(expected), Some(given)) => expected.as_ref() == given,
            _ => false,
        }
    }
}

fn signed(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}

fn login(words: &str) -> WireError {
    WireError::Login(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3.
    #[test]
    fn the_exchange_of_the_standard_comes_out() {
        let mut scram = Scram::with_nonce("pencil", "rOprNGfwEbeRWgbNEkqO".to_owned(), "user");
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let proof = scram
            .proof("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
            .unwrap();
        assert_eq!(
            proof,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(scram.is_believed("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_believed("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_believed("e=other-error"));
    }

    #[test]
    fn a_server_that_repeats_our_nonce_only_is_refused() {
        let mut scram = Scram::with_nonce("pencil", "abc".to_owned(), "");
        for words in [
            "r=abc,s=QUJD,i=4096",
            "r=xyz1,s=QUJD,i=4096",
            "r=abcd,s=QUJD,i=0",
            "",
            "r=abcd,s=!,i=1",
        ] {
            assert!(scram.proof(words).is_err(), "{words}");
        }
    }
}
