//! The tokens of an expression.

/// One token; texts are slices of the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token<'s> {
    /// An identifier, or after `steps.` a step id, hyphens included.
    Name(&'s str),
    /// A whole number in decimal digits.
    Whole(&'s str),
    /// Any other number.
    Number(&'s str),
    /// A quoted string, quotes and escapes as written.
    Text(&'s str),
    Sign(&'static str),
}

impl Token<'_> {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Whole(text) | Self::Number(text) | Self::Text(text) => text,
            Self::Sign(sign) => sign,
        }
    }
}

/// Longest first.
const SIGNS: [&str; 27] = [
    "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "|", ".", ",", ":", "(", ")", "[",
    "]", "{", "}", "!", "&",
];

/// The longest expression, in bytes.
pub(super) const MAX_SOURCE: usize = 4096;
/// The most tokens in one expression. Bounds how often one evaluation can look at a large value.
pub(super) const MAX_TOKENS: usize = 1000;

/// Reads tokens from `rest`, which starts behind `{{`, up to the `}}` that ends the expression.
/// Gives them and the number of bytes up to and including that `}}`.
pub(super) fn tokenize(rest: &str) -> Result<(Vec<Token<'_>>, usize), String> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut open: usize = 0;
    loop {
        let ahead = &rest[at..];
        let blank = ahead.len() - ahead.trim_start().len();
        at += blank;
        let ahead = &rest[at..];
        if at > MAX_SOURCE {
            return Err(format!("an expression is at most {MAX_SOURCE} bytes long"));
        }
        if ahead.is_empty() {
            return Err("`{{` without `}}`".to_owned());
        }
        if open == 0 && ahead.starts_with("}}") {
            return Ok((tokens, at + 2));
        }
        if tokens.len() >= MAX_TOKENS {
            return Err(format!("an expression has at most {MAX_TOKENS} tokens"));
        }
        let token = next_token(&tokens, ahead)?;
        match token {
            Token::Sign("(" | "[" | "{") => open += 1,
            Token::Sign(")" | "]" | "}") => open = open.saturating_sub(1),
            _ => {}
        }
        at += token.text().len();
        tokens.push(token);
    }
}

fn next_token<'s>(before: &[Token<'s>], ahead: &'s str) -> Result<Token<'s>, String> {
    let first = ahead.as_bytes()[0];
    let after_dot = before.last() == Some(&Token::Sign("."));
    let step = match before {
        [.., owner, Token::Name("steps"), Token::Sign(".")] => *owner != Token::Sign("."),
        [Token::Name("steps"), Token::Sign(".")] => true,
        _ => false,
    };
    let run = |allowed: fn(&u8) -> bool| &ahead[..ahead.bytes().take_while(allowed).count()];
    match first {
        // A hyphen is part of a step's id: `steps.my-step.output` is no subtraction.
        b'a'..=b'z' | b'0'..=b'9' | b'_' if step => Ok(Token::Name(run(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_' || *b == b'-'
        }))),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => Ok(Token::Name(run(|b| b.is_ascii_alphanumeric() || *b == b'_'))),
        b'0'..=b'9' if after_dot => Ok(Token::Whole(run(u8::is_ascii_digit))),
        b'0'..=b'9' => Ok(number(ahead)),
        b'"' | b'\'' => quoted(ahead, first).map(Token::Text),
        _ => SIGNS
            .into_iter()
            .find(|sign| ahead.starts_with(sign))
            .filter(|sign| !matches!(*sign, "!" | "&"))
            .map(Token::Sign)
            .ok_or_else(|| {
                let c = ahead.chars().next().unwrap_or(' ');
                format!("unexpected character `{}`", c.escape_default())
            }),
    }
}

/// Digits, perhaps a fraction, perhaps an exponent.
fn number(ahead: &str) -> Token<'_> {
    let bytes = ahead.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(0);
    let mut end = whole;
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = bytes
            .get(end + 1 + sign..)
            .map_or(0, |rest| rest.iter().take_while(|b| b.is_ascii_digit()).count());
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    if end == whole {
        Token::Whole(&ahead[..end])
    } else {
        Token::Number(&ahead[..end])
    }
}

fn quoted(ahead: &str, quote: u8) -> Result<&str, String> {
    let mut escaped = false;
    for (at, byte) in ahead.bytes().enumerate().skip(1) {
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == quote {
            return Ok(&ahead[..=at]);
        }
    }
    Err("a string in the expression is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        let (tokens, _) = tokenize(source).unwrap();
        tokens.iter().map(|token| token.text().to_owned()).collect()
    }

    #[test]
    fn braces_and_strings_inside_an_expression_do_not_end_it() {
        assert_eq!(
            texts(r#" {"a": {"b": 1}}}} tail"#).last().map(String::as_str),
            Some("}")
        );
        assert_eq!(texts(r#" "}}" }}"#), [r#""}}""#]);
        assert_eq!(texts(r#" 'it\'s' }}"#), [r"'it\'s'"]);
        assert_eq!(tokenize(" a }} b").unwrap().1, 5);
    }

    #[test]
    fn a_hyphen_belongs_to_a_step_id_and_nowhere_else() {
        assert_eq!(
            texts(" steps.my-step.output }}"),
            ["steps", ".", "my-step", ".", "output"]
        );
        assert_eq!(texts(" steps.2nd.output }}"), ["steps", ".", "2nd", ".", "output"]);
        assert_eq!(
            texts(" input.steps.a-b }}"),
            ["input", ".", "steps", ".", "a", "-", "b"]
        );
        assert_eq!(texts(" a-b }}"), ["a", "-", "b"]);
    }

    #[test]
    fn numbers_are_told_from_indexes() {
        assert_eq!(texts(" 1.5e-3 + a.0.1 }}"), ["1.5e-3", "+", "a", ".", "0", ".", "1"]);
        assert_eq!(texts(" 1.a }}"), ["1", ".", "a"]);
    }

    #[test]
    fn what_does_not_end_is_an_error() {
        for source in ["", " a", " 'a }}", " (a }}", " a ! b }}", " ü }}"] {
            assert!(tokenize(source).is_err(), "{source}");
        }
        assert!(tokenize(&format!("{}}}}}", " ".repeat(MAX_SOURCE + 1))).is_err());
        assert!(tokenize(&format!("{}}}}}", "a+".repeat(MAX_TOKENS))).is_err());
    }
}
