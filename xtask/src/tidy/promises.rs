//! Pages that say what happens when things fail name the test of each row. A name that no test has is a promise that
//! nobody checks.

use super::Finding;
use super::source::Source;

/// The pages whose tables are read. Their last column names tests in backticks.
const PAGES: [&str; 1] = ["docs/failure-semantics.md"];

pub(super) fn is_page(path: &str) -> bool {
    PAGES.contains(&path)
}

pub(super) fn check(path: &str, text: &str, sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in rows(text) {
        let names = names(line);
        if names.is_empty() {
            findings.push(Finding::at(path, number, "this row names no test"));
        }
        for name in names {
            let head = format!("fn {name}(");
            if !sources.iter().any(|source| source.code.contains(&head)) {
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
}
