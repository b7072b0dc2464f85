//! Answers of earlier runs, so that the next one need not read again what did not change.
//!
//! An answer that came with an `ETag` is kept, and asked for again with `If-None-Match`: the provider then says that it is the same, and
//! sends no body. Nothing is believed that the provider does not confirm, but for two cases, which cost no request at all: what
//! cannot change any more ([`Validity::Settled`]: measurements of days that are over), and what a run that did not come
//! to its end had read less than [`RESUMED_FOR`] before ([`Validity::Resumable`]).
//!
//! Pages of a list are always confirmed. "It is the same" means that the provider holds, now, exactly the page that was kept, so a list read in
//! this way is as consistent as one that is sent anew.
//!
//! Answers hold secrets: passwords of databases, signed addresses. So each file is sealed (AES-256-GCM) under a key derived from the
//! API token, which is not on the disk. Who has the token can ask for the answers anyway; who has only the disk can read
//! nothing. Another token opens nothing and starts afresh, as it should: it may see other things. Settings of applications,
//! which are nothing but secrets, are not kept at all.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::{aead, digest, hkdf, rand};
use serde::{Deserialize, Serialize};

use crate::Token;

/// How long an answer of an unfinished run is taken without asking again.
pub(crate) const RESUMED_FOR: Duration = Duration::from_secs(3_600);

const UNFINISHED: &str = "unfinished";
const SALT: &str = "salt";
const PURPOSE: &[u8] = b"reberth discovery answers 1";
/// What is never kept.
const ONLY_SECRETS: [&str; 2] = ["/config-vars", "/credentials"];

/// When a kept answer may be taken without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// Never: it is confirmed.
    Confirmed,
    /// When it was read by a run that did not come to its end, not long ago.
    Resumable,
    /// Always: it is of the past.
    Settled,
}

/// Kept answers in a folder.
#[derive(Debug)]
pub struct AnswerCache {
    folder: PathBuf,
    key: aead::LessSafeKey,
    /// When the run began that did not come to its end, in seconds since 1970.
    resumes_since: Option<u64>,
    used: Mutex<BTreeSet<String>>,
    fault: Mutex<Option<io::ErrorKind>>,
}

/// What is known of an answer besides its body.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) etag: Option<String>,
    pub(crate) next_range: Option<String>,
    kept_at: u64,
}

/// An answer of an earlier run.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl AnswerCache {
    /// Opens the folder, which is made when it is missing, for the run that begins now.
    pub fn open(folder: &Path, token: &Token) -> io::Result<AnswerCache> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let key = token.sealing_key(&salt(&folder.join(SALT))?, PURPOSE);
        let begun = folder.join(UNFINISHED);
        let resumes_since = match fs::read_to_string(&begun) {
            Ok(text) => text.trim().parse().ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if resumes_since.is_none() {
            write_private(&begun, now().to_string().as_bytes())?;
        }
        Ok(AnswerCache {
            folder: folder.to_owned(),
            key,
            resumes_since,
            used: Mutex::default(),
            fault: Mutex::default(),
        })
    }

    /// Says that the run came to its end: what it did not use is removed, and the next run confirms everything.
    pub fn finish(&self) -> io::Result<()> {
        let used = lock(&self.used);
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != SALT && name != UNFINISHED && !used.contains(&name) {
                fs::remove_file(entry.path())?;
            }
        }
        fs::remove_file(self.folder.join(UNFINISHED))
    }

    /// Why an answer could not be kept, if one could not. The discovery itself does not suffer from it.
    pub fn fault(&self) -> Option<io::ErrorKind> {
        *lock(&self.fault)
    }

    /// What an earlier run kept of `place`; nothing when the file is missing, damaged, or of another token.
    pub(crate) fn find(&self, place: &str) -> Option<Kept> {
        let name = file_name(place);
        let mut sealed = fs::read(self.folder.join(&name)).ok()?;
        let (nonce, sealed) = sealed.split_at_mut_checked(aead::NONCE_LEN)?;
        let nonce = aead::Nonce::try_assume_unique_for_key(nonce).ok()?;
        let place = aead::Aad::from(place.as_bytes());
        let open = self.key.open_in_place(nonce, place, sealed).ok()?;
        let end = open.iter().position(|byte| *byte == b'\n')?;
        let (head, body) = open.split_at(end);
        let head = serde_json::from_slice(head).ok()?;
        lock(&self.used).insert(name);
        let body = body.get(1..)?.to_vec();
        Some(Kept { head, body })
    }

    /// Keeps an answer that was understood.
    pub(crate) fn keep(
        &self,
        place: &str,
        etag: Option<&str>,
        next_range: Option<&str>,
        body: &[u8],
    ) {
        if ONLY_SECRETS.iter().any(|part| place.contains(part)) {
            return;
        }
        let head = Head {
            etag: etag.map(str::to_owned),
            next_range: next_range.map(str::to_owned),
            kept_at: now(),
        };
        let name = file_name(place);
        let kept = self
            .sealed(place, &head, body)
            .and_then(|sealed| replace(&self.folder, &name, &sealed));
        match kept {
            Ok(()) => {
                lock(&self.used).insert(name);
            }
            Err(error) => *lock(&self.fault) = Some(error.kind()),
        }
    }

    /// Removes what was kept of `place`.
    pub(crate) fn forget(&self, place: &str) {
        if let Err(error) = fs::remove_file(self.folder.join(file_name(place))) {
            *lock(&self.fault) = Some(error.kind());
        }
    }

    /// Whether a kept answer may be taken without asking.
    pub(crate) fn may_take(&self, kept: &Kept, validity: Validity) -> bool {
        match validity {
            Validity::Confirmed => false,
            Validity::Settled => true,
            Validity::Resumable => self.resumes_since.is_some_and(|since| {
                let age = now().saturating_sub(kept.head.kept_at);
                kept.head.kept_at >= since && age < RESUMED_FOR.as_secs()
            }),
        }
    }

    fn sealed(&self, place: &str, head: &Head, body: &[u8]) -> io::Result<Vec<u8>> {
        let nonce: [u8; aead::NONCE_LEN] = random()?;
        let mut text = serde_json::to_vec(head)?;
        text.push(b'\n');
        text.extend_from_slice(body);
        let place = aead::Aad::from(place.as_bytes());
        self.key
            .seal_in_place_append_tag(aead::Nonce::assume_unique_for_key(nonce), place, &mut text)
            .map_err(|_| io::Error::other("it could not be sealed"))?;
        Ok([&nonce[..], &text].concat())
    }
}

/// The key that seals answers, from a secret and a salt.
pub(crate) fn sealing_key(secret: &[u8], salt: &[u8], purpose: &[u8]) -> aead::LessSafeKey {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let purposes = [purpose];
    let expanded = extracted.expand(&purposes, &aead::AES_256_GCM);
    let key = expanded.expect("the key's length is one that HKDF gives");
    aead::LessSafeKey::new(aead::UnboundKey::from(key))
}

fn salt(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Ok(salt) if !salt.is_empty() => Ok(salt),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => {
            let salt: [u8; 32] = random()?;
            write_private(path, &salt)?;
            Ok(salt.to_vec())
        }
    }
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let source = rand::SystemRandom::new();
    rand::SecureRandom::fill(&source, &mut bytes)
        .map_err(|_| io::Error::other("the system has no random numbers"))?;
    Ok(bytes)
}

/// A name that tells nothing of the place.
fn file_name(place: &str) -> String {
    let hash = digest::digest(&digest::SHA256, place.as_bytes());
    let hex = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    hex.collect()
}

fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = folder.join(format!("{name}.{}.new", std::process::id()));
    write_private(&beside, bytes)?;
    fs::rename(&beside, folder.join(name))
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(path)?.write_all(bytes)
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let name = format!("reberth-answers-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::remove_dir_all(&folder).ok();
        folder
    }

    fn open(folder: &Path, token: &str) -> AnswerCache {
        AnswerCache::open(folder, &Token::new(token).unwrap()).unwrap()
    }

    #[test]
    fn an_answer_comes_back_whole_to_the_same_token_and_place_only() {
        let folder = folder("sealed");
        let cache = open(&folder, "token");
        cache.keep(
            "https://a/x",
            Some("e"),
            Some("next"),
            b"RECORDED-FAKE\nsecond",
        );
        let kept = cache.find("https://a/x").unwrap();
        assert_eq!(kept.body, b"RECORDED-FAKE\nsecond");
        assert_eq!(
            (kept.head.etag.as_deref(), kept.head.next_range.as_deref()),
            (Some("e"), Some("next"))
        );
        assert!(cache.find("https://b/x").is_none());
        assert!(open(&folder, "another").find("https://a/x").is_none());
        // One file in the place of another, and a changed byte.
        cache.keep("https://a/y", None, None, b"y");
        fs::copy(
            folder.join(file_name("https://a/y")),
            folder.join(file_name("https://a/x")),
        )
        .unwrap();
        assert!(cache.find("https://a/x").is_none());
        for entry in fs::read_dir(&folder).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("RECORDED-FAKE"));
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn only_an_unfinished_run_is_taken_up_and_what_nobody_used_goes() {
        let folder = folder("finish");
        let first = open(&folder, "token");
        first.keep("a", Some("e"), None, b"1");
        first.keep("b/config-vars", Some("e"), None, b"secret");
        assert!(first.find("b/config-vars").is_none());
        assert!(!first.may_take(&first.find("a").unwrap(), Validity::Resumable));

        let second = open(&folder, "token");
        let kept = second.find("a").unwrap();
        assert!(second.may_take(&kept, Validity::Resumable));
        assert!(!second.may_take(&kept, Validity::Confirmed));
        second.keep("c", None, None, b"2");
        second.finish().unwrap();

        let third = open(&folder, "token");
        assert!(!third.may_take(&third.find("a").unwrap(), Validity::Resumable));
        third.finish().unwrap();
        assert!(
            open(&folder, "token").find("c").is_none(),
            "the third run did not use it"
        );
        fs::remove_dir_all(&folder).unwrap();
    }
}
