//! Files that have grown long. A report: length is where one looks for the next room, not a fault.

use super::source::Source;

const MAX_LINES: usize = 400;

/// One line for each file over the measure, the longest first.
pub(super) fn report(sources: &[Source]) -> Vec<String> {
    let mut long: Vec<_> = sources
        .iter()
        .map(|source| (source.product_lines(), source.path.as_str()))
        .filter(|&(lines, _)| lines > MAX_LINES)
        .collect();
    long.sort_unstable_by(|a, b| b.cmp(a));
    long.into_iter()
        .map(|(lines, path)| format!("{path} has {lines} lines without tests (over {MAX_LINES})"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_over_the_measure_are_reported_longest_first_and_tests_do_not_count() {
        let source = |path: &str, product: usize, tests: usize| {
            let text = format!(
                "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
                "//\n".repeat(product),
                "//\n".repeat(tests)
            );
            Source::read(path, &text)
        };
        let sources = [
            source("a.rs", 401, 0),
            source("b.rs", 400, 900),
            source("c.rs", 500, 10),
            source("d.rs", 20, 900),
        ];
        assert_eq!(
            report(&sources),
            [
                "c.rs has 500 lines without tests (over 400)",
                "a.rs has 401 lines without tests (over 400)"
            ]
        );
    }
}
