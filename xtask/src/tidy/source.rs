//! A Rust file as the rules look at it.

use std::ops::Range;

use super::lexer;

pub(super) struct Source {
    /// From the workspace's folder on, with slashes.
    pub(super) path: String,
    pub(super) code: String,
    pub(super) strings: String,
    /// The lines that are tests, counted from 0.
    tests: Vec<Range<usize>>,
    lines: usize,
}

impl Source {
    pub(super) fn read(path: &str, text: &str) -> Self {
        let views = lexer::split(text);
        let lines = text.lines().count();
        let tests = if is_test_file(path) {
            std::iter::once(0..lines).collect()
        } else {
            test_modules(&views.code)
        };
        Self {
            path: path.to_owned(),
            code: views.code,
            strings: views.strings,
            tests,
            lines,
        }
    }

    /// The folder of the room the file belongs to, such as `seawall-engine`; nothing outside `crates/`.
    pub(super) fn room(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether that line, counted from 1, belongs to tests.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&(line - 1)))
    }

    /// Lines that are not tests, comments and empty lines included.
    pub(super) fn product_lines(&self) -> usize {
        self.lines - self.tests.iter().map(ExactSizeIterator::len).sum::<usize>()
    }
}

/// Where `word` stands in `view` as whole words: line (from 1) and byte.
pub(super) fn words<'a>(view: &'a str, word: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
    view.match_indices(word).filter_map(move |(at, _)| {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let inside =
            |neighbour: Option<u8>, edge: Option<u8>| neighbour.is_some_and(is_name) && edge.is_some_and(is_name);
        let bytes = view.as_bytes();
        let end = at + word.len();
        let before = at.checked_sub(1).map(|at| bytes[at]);
        let cut = inside(before, bytes.get(at).copied()) || inside(bytes.get(end).copied(), Some(bytes[end - 1]));
        (!cut).then(|| (view[..at].matches('\n').count() + 1, at))
    })
}

/// `tests.rs`, and everything in a folder `tests` or `benches`.
fn is_test_file(path: &str) -> bool {
    path.split('/')
        .any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}

/// The lines of `#[cfg(test)] mod … { … }`.
fn test_modules(code: &str) -> Vec<Range<usize>> {
    const MARK: &str = "#[cfg(test)]";
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = code[from..].find(MARK).map(|at| from + at) {
        let item = at + MARK.len();
        // An item ends with its first closed block, or before that with a semicolon.
        let end = item + end_of_item(&code[item..]);
        let line = |byte: usize| code[..byte].matches('\n').count();
        found.push(line(at)..line(end) + 1);
        from = end;
    }
    found
}

fn end_of_item(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (byte == b'}' || byte == b';') {
            return at;
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_modules_are_not_product() {
        let source = Source::read(
            "crates/a/src/b.rs",
            "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\" }\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}\n",
        );
        let product: Vec<_> = (1..=10).filter(|&line| !source.is_test(line)).collect();
        assert_eq!(product, [1, 2, 7, 10]);
        assert_eq!(source.product_lines(), 4);
    }

    #[test]
    fn test_files_are_not_product() {
        for path in [
            "crates/a/tests/it/main.rs",
            "crates/a/src/b/tests.rs",
            "crates/a/benches/x.rs",
        ] {
            assert_eq!(Source::read(path, "fn a() {}\n").product_lines(), 0, "{path}");
        }
        assert_eq!(
            Source::read("crates/a/src/contests.rs", "fn a() {}\n").product_lines(),
            1
        );
    }

    #[test]
    fn words_are_whole() {
        let found: Vec<_> = words(
            "tokio::spawn(x)\nmy_tokio::spawn tokio::spawner\n tokio::spawn",
            "tokio::spawn",
        )
        .collect();
        assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(words("#[allow(x)]", "#[allow(").count(), 1);
    }

    #[test]
    fn a_file_knows_its_room() {
        assert_eq!(
            Source::read("crates/seawall-guard/src/lib.rs", "").room(),
            Some("seawall-guard")
        );
        assert_eq!(Source::read("xtask/src/main.rs", "").room(), None);
    }
}
