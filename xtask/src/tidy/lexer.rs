//! Separates the code of a Rust file from its comments and literals.

/// The two views of a file. Both have its length and its lines: what belongs to the other is blank.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Views {
    /// Without comments and without what stands in strings and characters.
    pub(super) code: String,
    /// Nothing but what stands in strings.
    pub(super) strings: String,
}

/// Splits `text`. Broken Rust gives some result and no error: the compiler tells.
pub(super) fn split(text: &str) -> Views {
    let mut lexer = Lexer {
        text: text.as_bytes(),
        at: 0,
        code: Vec::new(),
        strings: Vec::new(),
    };
    while lexer.at < lexer.text.len() {
        lexer.step();
    }
    // Cuts are made at ASCII characters only, so both views stay UTF-8.
    Views {
        code: String::from_utf8_lossy(&lexer.code).into_owned(),
        strings: String::from_utf8_lossy(&lexer.strings).into_owned(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Code,
    Strings,
    Nothing,
}

struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    code: Vec<u8>,
    strings: Vec<u8>,
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        if rest.starts_with(b"//") {
            let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            self.push(length, To::Nothing);
        } else if rest.starts_with(b"/*") {
            self.push(block_comment(rest), To::Nothing);
        } else if let Some((open, length)) = self.raw_string() {
            self.push(open, To::Code);
            self.push(length, To::Strings);
            self.push(open - 1, To::Code); // the closing quote and hashes; what is left of them is code
        } else if rest[0] == b'"' {
            self.push(1, To::Code);
            self.push(string(&self.text[self.at..]), To::Strings);
            self.push(1, To::Code);
        } else if let Some(length) = character(rest) {
            self.push(length, To::Nothing);
        } else {
            self.push(1, To::Code);
        }
    }

    /// Moves on by `length` bytes, at most to the end; every view gets them or blanks, line ends always.
    fn push(&mut self, length: usize, to: To) {
        let end = (self.at + length).min(self.text.len());
        for &byte in &self.text[self.at..end] {
            let kept = |view: To| if byte == b'\n' || to == view { byte } else { b' ' };
            self.code.push(kept(To::Code));
            self.strings.push(kept(To::Strings));
        }
        self.at = end;
    }

    /// The lengths of what opens a raw string here (`r##"`) and of its content.
    fn raw_string(&self) -> Option<(usize, usize)> {
        let rest = &self.text[self.at..];
        let before = self.at.checked_sub(1).map(|at| self.text[at]);
        if rest[0] != b'r' || before.is_some_and(|byte| is_name(byte) && byte != b'b' && byte != b'c') {
            return None;
        }
        let hashes = rest[1..].iter().take_while(|&&byte| byte == b'#').count();
        if rest.get(1 + hashes) != Some(&b'"') {
            return None;
        }
        let open = hashes + 2;
        let mut close = vec![b'"'];
        close.resize(hashes + 1, b'#');
        let content = &rest[open..];
        let length = content
            .windows(close.len())
            .position(|window| window == close)
            .unwrap_or(content.len());
        Some((open, length))
    }
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// The length of a string's content, given what follows its opening quote.
fn string(rest: &[u8]) -> usize {
    let mut at = 0;
    while at < rest.len() && rest[at] != b'"' {
        at += if rest[at] == b'\\' { 2 } else { 1 };
    }
    at.min(rest.len())
}

/// The length of a character literal; nothing for a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    if rest[0] != b'\'' {
        return None;
    }
    if rest.get(1) == Some(&b'\\') {
        let close = rest.iter().skip(3).position(|&byte| byte == b'\'')?;
        return Some(close + 4);
    }
    let first = std::str::from_utf8(&rest[1..rest.len().min(5)]).map_or_else(|error| error.valid_up_to(), str::len);
    let first = std::str::from_utf8(&rest[1..=first]).ok()?.chars().next()?;
    let close = 1 + first.len_utf8();
    (rest.get(close) == Some(&b'\'')).then_some(close + 1)
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(text: &str) -> (String, String) {
        let views = split(text);
        assert_eq!(views.code.len(), text.len());
        assert_eq!(views.strings.len(), text.len());
        let words = |view: &str| view.split_whitespace().collect::<Vec<_>>().join(" ");
        (words(&views.code), words(&views.strings))
    }

    #[test]
    fn comments_are_in_neither_view() {
        assert_eq!(
            views("a // b \"c\"\nd /* e /* f */ g */ h /// i"),
            ("a d h".into(), String::new())
        );
    }

    #[test]
    fn strings_are_apart_from_code() {
        assert_eq!(
            views(r#"a("b // c \" d") e"#),
            (r#"a(" ") e"#.into(), r#"b // c \" d"#.into())
        );
        assert_eq!(views(r###"a(r#"b "c" \"#, br"d", c"e") f"###).1, r#"b "c" \ d e"#);
        assert_eq!(views(r###"a(r#"b "c" \"#) f"###).0, r##"a(r#" "#) f"##);
    }

    #[test]
    fn characters_are_not_the_beginning_of_strings_and_lifetimes_are_code() {
        assert_eq!(views(r#"f('"', '\'', '\\', '\u{1F30A}', '🌊', "s") x"#).1, "s");
        assert_eq!(
            views("fn f<'a>(x: &'a str) -> &'a str { 'l: loop {} }").0,
            "fn f<'a>(x: &'a str) -> &'a str { 'l: loop {} }"
        );
    }

    #[test]
    fn a_raw_identifier_is_not_a_raw_string() {
        assert_eq!(views("r#type(\"x\")").0, "r#type(\" \")");
        assert_eq!(views("for\"x\"").1, "x");
    }

    #[test]
    fn lines_stay_where_they_are() {
        let views = split("a\n/* b\n */ \"c\nd\"\ne");
        assert_eq!(views.code.lines().nth(4), Some("e"));
        assert_eq!(views.strings.lines().nth(3).map(str::trim), Some("d"));
    }

    #[test]
    fn broken_text_ends() {
        for text in ["\"", "r#\"", "/*", "'", "'\\", "b'", "\"\\", "r", "'🌊"] {
            assert_eq!(split(text).code.len(), text.len(), "{text}");
        }
    }
}
