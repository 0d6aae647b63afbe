//! Finding the program.
//!
//! The command's own PATH decides, not this process's. The kernel is then given the whole path: that tells a missing program
//! from one that must not be run, and lets the standard library spawn without copying this process's memory tables.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use seawall_engine::StepError;

/// A name with a slash is taken as it is, relative to `cwd`; another one is looked for in the absolute folders of `path`.
pub(crate) fn find(program: &str, path: &str, cwd: &Path) -> Result<PathBuf, StepError> {
    if program.contains('/') {
        return match look(&cwd.join(program)) {
            Found::Executable(found) => Ok(found),
            Found::Plain => Err(not_executable(program)),
            Found::Nothing => Err(not_found(program)),
        };
    }
    let mut plain = false;
    for folder in path.split(':').filter(|folder| folder.starts_with('/')) {
        match look(&Path::new(folder).join(program)) {
            Found::Executable(found) => return Ok(found),
            Found::Plain => plain = true,
            Found::Nothing => {}
        }
    }
    Err(if plain {
        not_executable(program)
    } else {
        not_found(program)
    })
}

enum Found {
    Executable(PathBuf),
    Plain,
    Nothing,
}

fn look(candidate: &Path) -> Found {
    match candidate.metadata() {
        Ok(metadata) if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 => {
            Found::Executable(candidate.to_owned())
        }
        Ok(_) => Found::Plain,
        Err(_) => Found::Nothing,
    }
}

pub(crate) fn not_found(program: &str) -> StepError {
    StepError::permanent("command-not-found", format!("there is no program `{program}`"))
}

pub(crate) fn not_executable(program: &str) -> StepError {
    StepError::permanent("command-not-executable", format!("`{program}` cannot be executed"))
}
