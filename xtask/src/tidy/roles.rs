//! A store role is small: at most twelve methods stand in one trait.

use super::Finding;
use super::source::{Source, words};

const MAX_METHODS: usize = 12;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("crates/seawall-store/src/roles/") {
        return Vec::new();
    }
    words(&source.code, "pub trait")
        .filter_map(|(line, at)| {
            let item = &source.code[at..];
            let body = &item[..end_of_block(item)];
            let methods = words(body, "fn").count();
            (methods > MAX_METHODS).then(|| {
                Finding::at(
                    &source.path,
                    line,
                    format!("{methods} methods in one role; {MAX_METHODS} at most"),
                )
            })
        })
        .collect()
}

fn end_of_block(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, methods: usize) -> usize {
        let text = format!(
            "pub trait R: Send {{\n{}}}\nfn other() {{}}\n",
            "    /// A fn.\n    fn m(&self);\n".repeat(methods)
        );
        check(&Source::read(path, &text)).len()
    }

    #[test]
    fn a_role_that_has_grown_too_large_is_found() {
        assert_eq!(found("crates/seawall-store/src/roles/runs.rs", 13), 1);
        assert_eq!(found("crates/seawall-store/src/roles/runs.rs", 12), 0);
        assert_eq!(found("crates/seawall-store/src/watch.rs", 13), 0);
    }
}
