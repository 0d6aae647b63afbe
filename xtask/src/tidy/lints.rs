//! Lints hold everywhere: every crate takes the workspace's, and what lifts one says so and ends with its reason.

use super::Finding;
use super::source::{Source, words};

/// Every crate has `[lints] workspace = true`.
pub(super) fn check(room: &str, manifest: &str) -> Option<Finding> {
    let mut section = "";
    let mut takes = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let bare: String = line.split('#').next().unwrap_or("").split_whitespace().collect();
        takes |= section == "[lints]" && bare == "workspace=true";
    }
    (!takes).then(|| Finding::of(room, "the manifest lacks `[lints] workspace = true`"))
}

/// No `allow`, in tests neither: an `expect` that is no longer needed tells so.
pub(super) fn check_attributes(source: &Source) -> Vec<Finding> {
    let plain = ["#[allow(", "#![allow("]
        .into_iter()
        .flat_map(|mark| words(&source.code, mark));
    let conditional = ["#[cfg_attr(", "#![cfg_attr("].into_iter().flat_map(|mark| {
        words(&source.code, mark).filter(|&(_, at)| {
            let attribute = source.code[at..].split(']').next().unwrap_or("");
            words(attribute, "allow(").next().is_some()
        })
    });
    plain
        .chain(conditional)
        .map(|(line, _)| Finding::at(&source.path, line, "`allow`: write `#[expect(lint, reason = \"…\")]`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<usize> {
        check_attributes(&Source::read("xtask/src/a.rs", text))
            .into_iter()
            .filter_map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn a_crate_without_the_workspace_s_lints_is_found() {
        assert!(check("a", "[package]\nname = \"a\"\n").is_some());
        assert!(check("a", "[package]\nname = \"a\"\n\n[lints]\n# workspace = true\n").is_some());
        assert!(
            check(
                "a",
                "[lints.rust]\nunsafe_code = \"allow\"\n[other]\nworkspace = true\n"
            )
            .is_some()
        );
        assert!(check("a", "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n").is_none());
        assert!(check("a", "[lints]\nworkspace=true # as everywhere\n").is_none());
    }

    #[test]
    fn an_allow_is_found_in_every_form() {
        assert_eq!(lines("#![allow(dead_code)]\n#[allow(unused)]\nfn f() {}"), [2, 1]);
        assert_eq!(lines("#[cfg_attr(test, allow(dead_code))]\nfn f() {}"), [1]);
        assert_eq!(
            lines("#[cfg(test)]\nmod tests {\n    #[allow(unused)]\n    fn f() {}\n}"),
            [3]
        );
    }

    #[test]
    fn an_expectation_and_a_word_in_a_comment_are_not() {
        assert_eq!(
            lines("#[expect(dead_code, reason = \"…\")]\n// #[allow(x)]\nfn allow(x: u8) { f(\"#[allow(y)]\") }"),
            [0; 0]
        );
        assert_eq!(
            lines("#[cfg_attr(test, expect(dead_code))]\nfn f() { allow(1) }"),
            [0; 0]
        );
    }
}
