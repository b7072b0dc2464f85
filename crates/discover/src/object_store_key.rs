//! The key pair of an object store, kept out of everything that is printed.

use std::fmt;

use crate::DiscoverError;

/// An access key of an object store and its secret. It prints as `[redacted]`; only the access key's id and signatures leave.
#[derive(Clone)]
pub struct ObjectStoreKey {
    id: String,
    secret: String,
}

impl ObjectStoreKey {
    /// Takes a key pair as a person or the environment gave it; surrounding white space is dropped.
    pub fn new(id: &str, secret: &str) -> Result<ObjectStoreKey, DiscoverError> {
        let is_sendable =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let (id, secret) = (id.trim(), secret.trim());
        // A slash or a comma would end the id where the header names it.
        if is_sendable(id) && !id.contains(['/', ',']) && is_sendable(secret) {
            let (id, secret) = (id.to_owned(), secret.to_owned());
            Ok(ObjectStoreKey { id, secret })
        } else {
            Err(DiscoverError::ObjectStoreKeyMalformed)
        }
    }

    /// The public half.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The secret half, for signing only.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }
}

impl fmt::Debug for ObjectStoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_printed_and_must_fit_a_header() {
        let key = ObjectStoreKey::new(" DO00ABC\n", "s3cret/+").unwrap();
        assert_eq!(format!("{key:?}"), "[redacted]");
        assert_eq!((key.id(), key.secret()), ("DO00ABC", "s3cret/+"));
        for (id, secret) in [
            ("", "x"),
            ("x", ""),
            ("a/b", "x"),
            ("a,b", "x"),
            ("a b", "x"),
            ("ü", "x"),
        ] {
            assert!(
                ObjectStoreKey::new(id, secret).is_err(),
                "{id:?} {secret:?}"
            );
        }
    }
}
