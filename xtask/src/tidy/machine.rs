//! No path of somebody's machine stands in the repository.

use super::Finding;

/// Where machines keep people's files. Written in two pieces: this file is looked at too.
const FOLDERS: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!(":\\Us", "ers\\"),
];

pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for folder in FOLDERS {
            if line
                .match_indices(folder)
                .any(|(at, _)| begins_a_path(&line[..at], folder))
            {
                found.push(Finding::at(
                    path,
                    index + 1,
                    format!("`{folder}…` is a path of a machine"),
                ));
            }
        }
    }
    found
}

/// Whether the path begins there, rather than going on from something before it.
fn begins_a_path(before: &str, folder: &str) -> bool {
    let goes_on = |last: char| last.is_alphanumeric() || "_-.}~*>/".contains(last);
    folder.starts_with(':') || before.ends_with("file://") || !before.chars().next_back().is_some_and(goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(folder: usize, before: &str) -> bool {
        !check("a.md", &format!("first\n{before}{}somebody/x", FOLDERS[folder])).is_empty()
    }

    #[test]
    fn a_path_of_a_machine_is_found_with_its_line() {
        assert_eq!(check("a.md", &format!("first\nin `{}x`", FOLDERS[0]))[0].line, Some(2));
        for folder in 0..4 {
            for before in ["", "see ", "\"", "(", "=", "file://"] {
                assert!(found(folder, before), "{folder} {before}");
            }
        }
        assert!(found(4, "C"));
    }

    #[test]
    fn the_same_folder_inside_another_path_is_not() {
        for before in ["https://example.org", "tree", "{{ input.root }}", "..", "/"] {
            assert!(!found(0, before), "{before}");
        }
    }
}
