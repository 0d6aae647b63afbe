//! The text files of the repository. Git is not asked: it may not be there.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// What is built, fetched or kept by a running server, wherever it stands.
const SKIPPED: [&str; 3] = [".git", "target", "node_modules"];

/// What is skipped in the top folder only, as in `.gitignore`.
const SKIPPED_AT_TOP: [&str; 1] = ["data"];

/// Files larger than this are not written by hand.
const MAX_BYTES: u64 = 4 << 20;

/// Path from `root` on, with slashes, and content; sorted by path. Binary files and links are left out.
pub(super) fn files(root: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_path_buf(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let kind = entry.file_type()?;
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}/{name}")
            };
            // `.git` is a file in a worktree.
            if SKIPPED.contains(&name.as_str()) || SKIPPED_AT_TOP.contains(&path.as_str()) {
                continue;
            }
            if kind.is_dir() {
                folders.push((entry.path(), path));
            } else if kind.is_file() && entry.metadata()?.len() <= MAX_BYTES {
                let bytes = fs::read(entry.path()).with_context(|| format!("read {path}"))?;
                if let Ok(text) = String::from_utf8(bytes) {
                    found.push((path, text));
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_files_are_found_without_what_is_built_or_binary() {
        let tree = tempfile::tempdir().unwrap();
        for (path, content) in [
            ("a.rs", b"fn a() {}".as_slice()),
            ("deep/data/kept.md", b"kept"),
            ("data/seawall.db", b"text, yet not ours"),
            ("deep/target/out.rs", b"built"),
            (".git", b"gitdir: elsewhere"),
            (".ci/run", b"#!"),
            ("picture", b"\xff\xd8\xff"),
        ] {
            let path = tree.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let found = files(tree.path()).unwrap();
        let paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, [".ci/run", "a.rs", "deep/data/kept.md"]);
    }
}
