//! Pages that say what happens when things fail name the test of each row. A name that no test has is a promise that
//! nobody checks.

use std::collections::HashSet;

use super::Finding;
use super::source::Source;

/// The pages whose tables are read. Their last column names tests in backticks.
const PAGES: [&str; 1] = ["docs/failure-semantics.md"];

/// Lists the cases of the contract, one in a line.
const CASES: &str = "crates/seawall-store/src/contract/macros.rs";

pub(super) fn is_page(path: &str) -> bool {
    PAGES.contains(&path)
}

pub(super) fn check(path: &str, text: &str, sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let tests: HashSet<&str> = sources.iter().flat_map(tests).collect();
    for (number, line) in rows(text) {
        let names = names(line);
        if names.is_empty() {
            findings.push(Finding::at(path, number, "this row names no test"));
        }
        for name in names {
            if !tests.contains(name) {
                findings.push(Finding::at(path, number, format!("there is no test `{name}`")));
            }
        }
    }
    findings
}

/// The rows of all tables whose last column is headed `test`, without their heads, with line numbers from 1.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let (mut previous, mut promises) = ("", false);
    (1..).zip(text.lines()).filter(move |(_, line)| {
        let rule = line.starts_with("|-");
        if rule {
            promises = last_cell(previous).trim() == "test";
        }
        promises &= line.starts_with('|');
        previous = line;
        promises && !rule
    })
}

fn last_cell(row: &str) -> &str {
    row.trim_end()
        .trim_end_matches('|')
        .rsplit('|')
        .next()
        .unwrap_or_default()
}

/// What stands in backticks in the last column.
fn names(row: &str) -> Vec<&str> {
    let last = row
        .trim_end()
        .trim_end_matches('|')
        .rsplit('|')
        .next()
        .unwrap_or_default();
    last.split('`').skip(1).step_by(2).collect()
}

/// The names of what is run as a test: functions that are marked as such, and the cases that every store is put to.
fn tests(source: &Source) -> Vec<&str> {
    if source.path == CASES {
        return source
            .code
            .lines()
            .filter_map(|line| line.trim().strip_suffix(','))
            .collect();
    }
    let (mut found, mut is_test, mut is_ignored) = (Vec::new(), false, false);
    for line in source.code.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            is_ignored |= line.starts_with("#[ignore");
            continue;
        }
        let head = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        let name = head.and_then(|head| head.split('(').next());
        found.extend(name.filter(|_| is_test && !is_ignored));
        (is_test, is_ignored) = (false, false);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_tests_that_exist() {
        let source = Source::read("crates/a/tests/it/b.rs", "#[test]\nfn it_holds() {}\n");
        let page = "| what | test |\n|---|---|\n| a | `it_holds` |\n| b | `it_does_not`, `it_holds` |\n| c | none |\n\n| class | default |\n|---|---|\n| x | y |\n";
        let found: Vec<String> = check("p.md", page, &[source]).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "p.md:4: there is no test `it_does_not`",
                "p.md:5: this row names no test"
            ]
        );
    }
    #[test]
    fn only_what_is_run_as_a_test_counts() {
        let code = "#[test]\n/// It does.\nfn a() {}\nfn b() {}\n#[tokio::test(start_paused = true)]\nasync fn c() {}\n#[test]\n#[ignore = \"slow\"]\nfn d() {}\n// #[test]\nfn e() {}\n";
        assert_eq!(tests(&Source::read("crates/a/tests/it/b.rs", code)), ["a", "c"]);
        let cases = "macro_rules! x {\n    runs {\n        a_case,\n        // another_case,\n    }\n}\n";
        assert_eq!(tests(&Source::read(CASES, cases)), ["a_case"]);
    }
}
