//! The tree the example reports on: small, with known counts, and with everything around it that has to be left out.

use std::fs;
use std::io;
use std::path::Path;

/// A file of the tree: its lines, and how many of them hold a TODO.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planted {
    pub(super) path: &'static str,
    pub(super) lines: usize,
    pub(super) todos: usize,
}

const fn planted(path: &'static str, lines: usize, todos: usize) -> Planted {
    Planted { path, lines, todos }
}

/// No two have the same last name, nor the same counts. Names that only begin like those left out stay in.
pub(super) const FILES: [Planted; 8] = [
    planted("README.md", 31, 0),
    planted("src/main.rs", 47, 5),
    planted("src/target_list.rs", 23, 2),
    planted("src/deep/er/leaf.rs", 112, 17),
    planted(".github/build.yml", 13, 1),
    planted("docs/read me too.md", 9, 3),
    planted("scripts/run.sh", 4, 4),
    planted("empty.txt", 0, 0),
];

/// Files that a report must not know.
pub(super) const LEFT_OUT: [&str; 4] = [
    ".git/HEAD",
    ".git/objects/hidden_object.rs",
    "target/built.rs",
    "target/debug/deps/artifact.rs",
];

pub(super) fn plant(root: &Path) -> io::Result<()> {
    for file in FILES {
        write(root, file.path, &content(file))?;
    }
    for path in LEFT_OUT {
        write(root, path, "// TODO nobody should see this\n")?;
    }
    Ok(())
}

/// Lines of which the first ones hold a TODO, one each.
fn content(file: Planted) -> String {
    let line = |number| {
        if number < file.todos {
            "// TODO do more\n"
        } else {
            "a line of text\n"
        }
    };
    (0..file.lines).map(line).collect()
}

fn write(root: &Path, path: &str, content: &str) -> io::Result<()> {
    let path = root.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)
}

/// What the example did to the tree besides adding `report`.
pub(super) fn changes(root: &Path, report: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for file in FILES {
        if fs::read_to_string(root.join(file.path)).ok().as_deref() != Some(content(file).as_str()) {
            found.push(format!("the example changed {}", file.path));
        }
    }
    for entry in fs::read_dir(root)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let mut planted = FILES.iter().map(|file| file.path).chain(LEFT_OUT);
        if name != report && !planted.any(|path| path.split('/').next() == Some(name.as_str())) {
            found.push(format!("the example left {name} in the tree"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_and_a_forgotten_file_are_found() {
        let folder = tempfile::tempdir().unwrap();
        plant(folder.path()).unwrap();
        fs::write(folder.path().join("report.md"), "").unwrap();
        assert_eq!(changes(folder.path(), "report.md").unwrap(), Vec::<String>::new());
        fs::write(folder.path().join("src/main.rs"), "").unwrap();
        fs::write(folder.path().join("left.tmp"), "").unwrap();
        let found = changes(folder.path(), "report.md").unwrap();
        assert_eq!(
            found,
            [
                "the example changed src/main.rs",
                "the example left left.tmp in the tree"
            ]
        );
    }
}
