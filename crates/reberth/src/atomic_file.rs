//! Files are replaced whole or not at all: a reader, a crash or a full disk never leaves half a document.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::CliError;

/// Puts `bytes` in the place of `path`, making its folder when it is missing.
///
/// The bytes are on disk in a file beside it before the name is moved, so the old content stays until the new one is
/// complete.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| CliError::file(folder, "made", error))?;
    let beside = temporary(path);
    let moved = write_durably(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if let Err(error) = moved {
        // The first error is the one to report; what is left of the temporary file is in nobody's way.
        fs::remove_file(&beside).ok();
        return Err(CliError::file(path, "written", error));
    }
    // The new name survives a power cut only when the folder is on disk too. A file system that cannot do this is used as it is.
    File::open(folder).and_then(|folder| folder.sync_all()).ok();
    Ok(())
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Beside the file, on the same file system; one for each process.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_replaced_stays_and_nothing_is_left_beside_it() {
        let folder = std::env::temp_dir().join(format!("reberth-atomic-{}", std::process::id()));
        let path = folder.join("deep/estate.json");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");

        let taken = folder.join("taken");
        fs::create_dir_all(taken.join("inner")).unwrap();
        assert!(replace(&taken, b"new").is_err(), "a folder is no file");
        let left: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left.len(), 2, "{left:?}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
