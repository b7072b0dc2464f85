//! The project's own key for fingerprints of settings.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

use reberth_discover::Fingerprint;

use crate::failure::{CliError, Failure};
use crate::project::Project;

/// Only who owns the file may read it: whoever has the key can try values against the fingerprints.
const MODE: u32 = 0o600;

/// The key of a project; made at random where there is none.
pub(super) fn of(project: &Project) -> Result<Vec<u8>, Failure> {
    let path = project.path(".reberth/fingerprint.key");
    match fs::read(&path) {
        Ok(key) if !key.is_empty() => return Ok(key),
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(CliError::file(&path, "read", error).into());
        }
        _ => {}
    }
    let key = Fingerprint::random_key().ok_or_else(|| CliError::System {
        what: "no random number could be had for the key of fingerprints".to_owned(),
        source: ErrorKind::Other.into(),
    })?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(MODE);
    let written = options.open(&path).and_then(|mut file| {
        file.write_all(&key)?;
        file.sync_all()
    });
    written.map_err(|error| CliError::file(&path, "written", error))?;
    Ok(key)
}
