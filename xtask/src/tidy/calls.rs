//! Clocks, the environment and tasks: who may touch them.
//!
//! Holds for product code in `crates/`. Tests may lift clippy's ban where they need to.

use super::Finding;
use super::source::{Source, words};

/// A ban and the files it does not hold for.
struct Ban {
    calls: &'static [&'static str],
    /// The ends of paths: a file's name, or a room and a folder of it.
    except: &'static [&'static str],
    instead: &'static str,
}

const BANS: [Ban; 3] = [
    Ban {
        calls: &["SystemTime::now", "Timestamp::now", "Zoned::now", "Utc::now"],
        except: &["/clock.rs", "crates/seawall-store/src/time.rs"],
        instead: "time comes in through a clock (clock.rs, the store's time.rs)",
    },
    Ban {
        calls: &[
            "env::var",
            "env::vars",
            "env::var_os",
            "env::vars_os",
            "env::set_var",
            "env::remove_var",
        ],
        except: &["/config.rs", "/config/"],
        instead: "the environment is read in the configuration (config.rs, config/)",
    },
    Ban {
        calls: &["tokio::spawn", "tokio::task::spawn", "task::spawn_local"],
        except: &["/spawner.rs"],
        instead: "spawn through the tracked spawner (spawner.rs), which shutdown waits for",
    },
];

/// What lifts clippy's ban on the same calls. It may stand where one of the bans above does not hold, nowhere else.
const LIFTED: &str = "clippy::disallowed_methods";

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if source.room().is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for ban in BANS.iter().filter(|ban| !ban.spares(&source.path)) {
        for call in ban.calls {
            found.extend(
                product_lines(source, call)
                    .map(|line| Finding::at(&source.path, line, format!("`{call}`: {}", ban.instead))),
            );
        }
    }
    if !BANS.iter().any(|ban| ban.spares(&source.path)) {
        found.extend(product_lines(source, LIFTED).map(|line| {
            Finding::at(
                &source.path,
                line,
                format!("`{LIFTED}` is lifted outside the places for it"),
            )
        }));
    }
    found
}

impl Ban {
    fn spares(&self, path: &str) -> bool {
        self.except.iter().any(|except| match except.strip_suffix('/') {
            Some(_) => path.contains(except),
            None => path.ends_with(except),
        })
    }
}

fn product_lines<'a>(source: &'a Source, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    words(&source.code, word)
        .map(|(line, _)| line)
        .filter(|&line| !source.is_test(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::lines_of;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        lines_of(check(&Source::read(path, text)))
    }

    #[test]
    fn a_clock_read_outside_a_clock_is_found() {
        let text = "use std::time::SystemTime;\nfn f() { SystemTime::now(); }";
        assert_eq!(lines("crates/seawall-engine/src/run.rs", text), [2]);
        assert_eq!(lines("crates/seawall-guard/src/clock.rs", text), [0; 0]);
        assert_eq!(lines("crates/seawall-store/src/time.rs", text), [0; 0]);
        assert_eq!(lines("crates/seawall-engine/src/time.rs", "jiff::Zoned::now()"), [1]);
    }

    #[test]
    fn the_environment_read_outside_the_configuration_is_found() {
        for call in ["std::env::var(\"X\")", "env::var_os(\"X\")", "std::env::vars()"] {
            assert_eq!(lines("crates/seawall-server/src/router.rs", call), [1], "{call}");
            assert_eq!(lines("crates/seawall-server/src/config/env.rs", call), [0; 0], "{call}");
            assert_eq!(lines("crates/seawall/src/config.rs", call), [0; 0], "{call}");
        }
        assert_eq!(
            lines("crates/seawall/src/main.rs", "std::env::current_dir(); env!(\"X\")"),
            [0; 0]
        );
    }

    #[test]
    fn a_task_spawned_past_the_spawner_is_found() {
        assert_eq!(lines("crates/seawall-server/src/sse.rs", "tokio::spawn(async {})"), [1]);
        assert_eq!(
            lines("crates/seawall-server/src/sse.rs", "tokio::task::spawn(async {})"),
            [1]
        );
        assert_eq!(
            lines("crates/seawall-engine/src/spawner.rs", "tokio::spawn(async {})"),
            [0; 0]
        );
        assert_eq!(
            lines(
                "crates/seawall-engine/src/run.rs",
                "spawner.spawn(async {}); tokio::task::spawn_blocking(f)"
            ),
            [0; 0]
        );
    }

    #[test]
    fn a_lifted_ban_is_found_even_where_the_call_hides_behind_an_alias() {
        let text = "#[expect(clippy::disallowed_methods, reason = \"\")]\nfn f() { hidden() }";
        assert_eq!(lines("crates/seawall-engine/src/run.rs", text), [1]);
        assert_eq!(lines("crates/seawall-engine/src/clock.rs", text), [0; 0]);
    }

    #[test]
    fn one_place_does_not_excuse_another_ban() {
        assert_eq!(lines("crates/seawall-engine/src/clock.rs", "tokio::spawn(x)"), [1]);
    }

    #[test]
    fn tests_comments_strings_and_tasks_are_spared() {
        assert_eq!(
            lines("crates/a/src/b.rs", "// tokio::spawn\nf(\"tokio::spawn\")"),
            [0; 0]
        );
        assert_eq!(
            lines(
                "crates/a/src/b.rs",
                "#[cfg(test)]\nmod tests {\n    fn f() { tokio::spawn(x) }\n}"
            ),
            [0; 0]
        );
        assert_eq!(lines("crates/a/tests/it/main.rs", "tokio::spawn(x)"), [0; 0]);
        assert_eq!(lines("xtask/src/main.rs", "std::env::var_os(\"CARGO\")"), [0; 0]);
    }
}
