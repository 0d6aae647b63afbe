//! `cargo xtask tidy`: what ARCHITECTURE.md promises and a program can see.
//!
//! Two kinds of look: at the packages (arrows between rooms, lints) and at the files (forbidden calls, SQL, `allow`,
//! paths of somebody's machine). The look at Rust files is a lexer's, not a compiler's: it knows comments, strings and
//! test modules, and no types. Clippy's `disallowed-methods` sees through aliases; tidy adds the places where a ban may
//! be lifted. File sizes are a report and fail nothing.

mod arrows;
mod calls;
mod lexer;
mod lints;
mod machine;
mod promises;
mod pure;
mod roles;
mod sizes;
mod source;
mod sql;
mod walk;

use std::fmt;
use std::process::ExitCode;

use anyhow::Context;

use crate::cargo::root;
use crate::metadata::Metadata;
use crate::verdict::settle;
use source::Source;

/// A broken rule: where, and what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// A file from the workspace's folder on, or the name of a crate.
    place: String,
    line: Option<usize>,
    what: String,
}

impl Finding {
    fn of(place: &str, what: impl Into<String>) -> Self {
        Self {
            place: place.to_owned(),
            line: None,
            what: what.into(),
        }
    }

    fn at(place: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            place: place.to_owned(),
            line: Some(line),
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.place, self.what),
            None => write!(f, "{}: {}", self.place, self.what),
        }
    }
}

/// Where something was found.
#[cfg(test)]
fn lines_of(found: impl IntoIterator<Item = Finding>) -> Vec<usize> {
    found.into_iter().filter_map(|finding| finding.line).collect()
}

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let metadata = Metadata::of_workspace()?;
    let rooms: Vec<_> = metadata.rooms().collect();
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).context("read ARCHITECTURE.md")?;

    let mut findings = match arrows::Map::read(&map) {
        Ok(map) => arrows::check(&rooms, &map),
        Err(error) => vec![Finding::of("ARCHITECTURE.md", error)],
    };
    for room in &rooms {
        let manifest = std::fs::read_to_string(&room.manifest_path).context("read a manifest")?;
        findings.extend(lints::check(&room.name, &manifest));
    }

    let files = walk::files(root())?;
    let mut sources = Vec::new();
    for (path, text) in &files {
        findings.extend(machine::check(path, text));
        findings.extend(sql::check_file(path));
        if path.ends_with(".rs") {
            sources.push(Source::read(path, text));
        }
    }
    for source in &sources {
        findings.extend(calls::check(source));
        findings.extend(lints::check_attributes(source));
        findings.extend(pure::check(source));
        findings.extend(roles::check(source));
        findings.extend(sql::check(source));
    }
    for (path, text) in files.iter().filter(|(path, _)| promises::is_page(path)) {
        findings.extend(promises::check(path, text, &sources));
    }
    for line in sizes::report(&sources) {
        println!("tidy: {line}");
    }
    settle(
        "tidy",
        &findings,
        &format!("{} crates, {} files", rooms.len(), files.len()),
    )
}
