//! SQL and its drivers stay in the store backends.
//!
//! Drivers are looked for among the dependencies (`arrows`), statements in the strings of product and test code alike:
//! a test that needs SQL belongs to the backend.

use super::Finding;
use super::source::{Source, words};

/// How a statement begins, as SQL is written here: in capitals.
const STATEMENTS: [&str; 12] = [
    "SELECT ",
    "INSERT INTO ",
    "INSERT OR ",
    "REPLACE INTO ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "CREATE UNIQUE INDEX ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "PRAGMA ",
    "SAVEPOINT ",
];

/// An `UPDATE` is one when its `SET` comes within so many bytes.
const UPDATE_BYTES: usize = 200;

/// Whether a room is a store backend.
pub(super) fn is_backend(room: &str) -> bool {
    room.starts_with("seawall-store-")
}

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if source.room().is_none_or(is_backend) {
        return Vec::new();
    }
    let strings = &source.strings;
    // A statement may end its line: the blank after its first words is then a line end.
    let one_line = strings.replace('\n', " ");
    let mut found = Vec::new();
    for statement in STATEMENTS {
        found.extend(words(&one_line, statement).map(|(_, at)| (at, statement.trim_end())));
    }
    found.extend(words(&one_line, "UPDATE ").filter_map(|(_, at)| {
        let rest = &one_line.as_bytes()[at..one_line.len().min(at + UPDATE_BYTES)];
        rest.windows(5)
            .any(|window| window == b" SET ")
            .then_some((at, "UPDATE"))
    }));
    found.sort_unstable();
    found
        .into_iter()
        .map(|(at, statement)| {
            let line = strings.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
            Finding::at(
                &source.path,
                line,
                format!("`{statement}`: SQL belongs to the store backends"),
            )
        })
        .collect()
}

/// `.sql` files stay there too.
pub(super) fn check_file(path: &str) -> Option<Finding> {
    let is_sql = path.ends_with(".sql");
    let room = path.strip_prefix("crates/").and_then(|rest| rest.split('/').next());
    (is_sql && !room.is_some_and(is_backend)).then(|| Finding::of(path, "SQL belongs to the store backends"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::lines_of;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        lines_of(check(&Source::read(path, text)))
    }

    #[test]
    fn a_statement_outside_the_backends_is_found() {
        for sql in [
            "SELECT 1",
            "select; INSERT INTO runs VALUES (1)",
            "UPDATE runs\n   SET a = 1",
            "DELETE FROM runs",
            "CREATE TABLE runs (id)",
            "PRAGMA synchronous",
            "SELECT\n a FROM b",
        ] {
            let text = format!("fn f() {{\n    run(\"{sql}\")\n}}");
            assert_eq!(lines("crates/seawall-server/src/a.rs", &text), [2], "{sql}");
            assert_eq!(lines("crates/seawall-server/tests/it/a.rs", &text), [2], "{sql}");
            assert_eq!(lines("crates/seawall-store-sqlite/src/a.rs", &text), [0; 0], "{sql}");
        }
    }

    #[test]
    fn prose_is_not() {
        let text = "// SELECT a FROM b\nf(\"select a file from here\", \"UPDATE\", \"SELECTED \", \"to UPDATE it\")";
        assert_eq!(lines("crates/seawall-server/src/a.rs", text), [0; 0]);
    }

    #[test]
    fn an_sql_file_outside_the_backends_is_found() {
        assert!(check_file("crates/seawall-engine/src/q.sql").is_some());
        assert!(check_file("crates/seawall-store/schema.sql").is_some());
        assert!(check_file("q.sql").is_some());
        assert!(check_file("crates/seawall-store-sqlite/migrations/1.sql").is_none());
        assert!(check_file("crates/seawall-engine/src/q.rs").is_none());
    }
}
