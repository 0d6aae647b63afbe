//! `DATA_DIR/server.json`: which server holds this folder's store, and where it answers.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What stands in the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct ServerFile {
    pub(crate) pid: u32,
    pub(crate) url: String,
}

impl ServerFile {
    fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("server.json")
    }

    /// None: no server left its address there.
    pub(crate) fn read(data_dir: &Path) -> Option<Self> {
        let text = fs::read(Self::path(data_dir)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// All of it or nothing, so that no reader meets half an address.
    pub(crate) fn write(&self, data_dir: &Path) -> io::Result<()> {
        let path = Self::path(data_dir);
        let draft = data_dir.join(format!("server.json.{}", self.pid));
        fs::write(&draft, serde_json::to_vec(self)?)?;
        fs::rename(&draft, &path)
    }

    /// Removes the file, unless it is another server's by now.
    pub(crate) fn remove(&self, data_dir: &Path) {
        if Self::read(data_dir).as_ref() == Some(self) {
            // A file that stays is harmless: readers only look at it while somebody holds the store.
            let _ = fs::remove_file(Self::path(data_dir));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_that_wrote_the_file_removes_it() {
        let dir = tempfile::tempdir().unwrap();
        let old = ServerFile {
            pid: 1,
            url: "http://127.0.0.1:1".to_owned(),
        };
        let new = ServerFile {
            pid: 2,
            url: "http://127.0.0.1:2".to_owned(),
        };
        old.write(dir.path()).unwrap();
        new.write(dir.path()).unwrap();
        old.remove(dir.path());
        assert_eq!(ServerFile::read(dir.path()), Some(new.clone()));
        new.remove(dir.path());
        assert_eq!(ServerFile::read(dir.path()), None);
    }
}
