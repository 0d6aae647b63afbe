//! The sum over the result lines of test binaries.

use std::fmt;

/// Counts of tests. Shown as `N passed, N failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    pub(crate) const fn passed(self) -> u64 {
        self.passed
    }

    pub(crate) const fn failed(self) -> u64 {
        self.failed
    }

    pub(crate) const fn ignored(self) -> u64 {
        self.ignored
    }

    /// Adds a line like `test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; …`; any other changes nothing.
    /// The line has to begin so: a test that prints such text in the middle of a line is not believed.
    pub(crate) fn read_line(&mut self, line: &str) {
        let Some(rest) = line.strip_prefix("test result: ") else {
            return;
        };
        let Some(counts) = rest.strip_prefix("ok. ").or_else(|| rest.strip_prefix("FAILED. ")) else {
            return;
        };
        for count in counts.split(';') {
            let mut words = count.split_whitespace();
            let Some(number) = words.next().and_then(|word| word.parse::<u64>().ok()) else {
                continue;
            };
            match words.next() {
                Some("passed") => self.passed += number,
                Some("failed") => self.failed += number,
                Some("ignored") => self.ignored += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.read_line(line);
        }
        tally
    }

    #[test]
    fn result_lines_are_summed() {
        let sum = tally(&[
            "test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
            "test result: FAILED. 10 passed; 2 failed; 3 ignored; 0 measured; 7 filtered out; finished in 61.20s\n",
        ]);
        assert_eq!(
            sum,
            Tally {
                passed: 14,
                failed: 2,
                ignored: 3
            }
        );
    }

    #[test]
    fn lines_of_single_tests_are_not_counted() {
        let sum = tally(&[
            "test a::b ... ok\n",
            "test a::c ... FAILED\n",
            "running 4 tests\n",
            "\n",
        ]);
        assert_eq!(sum, Tally::default());
    }

    #[test]
    fn text_that_only_looks_like_a_result_is_not_counted() {
        let sum = tally(&[
            "  test result: ok. 4 passed; 0 failed\n",
            "it said: test result: ok. 4 passed\n",
            "test result: maybe. 4 passed; 0 failed\n",
            "test result: ok. many passed; -1 failed\n",
        ]);
        assert_eq!(sum, Tally::default());
    }

    #[test]
    fn it_is_shown_as_the_last_line_of_the_test_command() {
        assert_eq!(
            Tally {
                passed: 12,
                failed: 0,
                ignored: 5
            }
            .to_string(),
            "12 passed, 0 failed"
        );
    }
}
