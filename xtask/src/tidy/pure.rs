//! The engine's core is synchronous, does no I/O and asks nobody for the time, an id or chance.

use super::Finding;
use super::source::{Source, words};

const CORE: &str = "crates/seawall-engine/src/core/";

/// What has no place there, as whole words. A look, not a proof: `Cargo` cannot draw this line inside a crate.
const IMPURE: [&str; 19] = [
    "async",
    "await",
    "tokio",
    "futures_util",
    "Clock",
    "SystemClock",
    "SystemTime",
    "Instant",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "now_v7",
    "new_v4",
    "rand",
    "rustix",
    "Mutex",
];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with(CORE) {
        return Vec::new();
    }
    let mut found: Vec<_> = IMPURE
        .into_iter()
        .flat_map(|word| words(&source.code, word).map(move |(line, _)| (line, word)))
        .filter(|&(line, _)| !source.is_test(line))
        .collect();
    found.sort_unstable();
    found
        .into_iter()
        .map(|(line, word)| {
            Finding::at(
                &source.path,
                line,
                format!("`{word}` in the pure core; it comes in as an argument"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::lines_of;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        lines_of(check(&Source::read(path, text)))
    }

    #[test]
    fn i_o_time_and_chance_in_the_core_are_found() {
        let path = "crates/seawall-engine/src/core/commands/start.rs";
        for text in [
            "async fn f() {}",
            "use std::fs;",
            "fn f(c: &dyn Clock) {}",
            "Uuid::now_v7()",
            "rand::random()",
        ] {
            assert_eq!(lines(path, text), [1], "{text}");
            assert_eq!(
                lines("crates/seawall-engine/src/runtime/run.rs", text),
                [0; 0],
                "{text}"
            );
        }
    }

    #[test]
    fn words_that_only_contain_them_comments_and_tests_are_spared() {
        let path = "crates/seawall-engine/src/core/mod.rs";
        assert_eq!(
            lines(path, "//! No clock, no tokio.\nfn operand(random: u64) {}"),
            [0; 0]
        );
        assert_eq!(lines(path, "#[cfg(test)]\nmod tests {\n    use std::io;\n}"), [0; 0]);
    }
}
