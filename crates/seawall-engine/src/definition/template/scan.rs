//! Cuts a string into literal text and expressions.

use super::token::{Token, tokenize};

/// A piece of a string.
pub(super) enum Segment<'s> {
    Text(&'s str),
    Expression { source: &'s str, tokens: Vec<Token<'s>> },
}

/// Whether a string is a template at all.
pub(in crate::definition) fn has_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}

/// Whether a template gives any type: it is exactly one expression. What cannot be read is reported elsewhere.
pub(in crate::definition) fn is_one_expression(text: &str) -> bool {
    scan(text).map_or(true, |segments| {
        matches!(segments.as_slice(), [Segment::Expression { .. }])
    })
}

/// Cuts `text`, or says what is wrong with it.
pub(super) fn scan(text: &str) -> Result<Vec<Segment<'_>>, String> {
    let mut segments = Vec::new();
    let mut rest = text;
    while let Some(at) = next_brace(rest) {
        let marker = rest.as_bytes()[at + 1];
        if marker != b'{' {
            let marker = char::from(marker);
            return Err(format!(
                "`{{{marker}` means a statement or a comment, which templates do not have; to write it literally: \
                 `{{{{ \"{{{marker}\" }}}}`"
            ));
        }
        if at > 0 {
            segments.push(Segment::Text(&rest[..at]));
        }
        let inner = &rest[at + 2..];
        let (tokens, length) = tokenize(inner)?;
        let source = inner[..length - 2].trim();
        if tokens.is_empty() {
            return Err("an expression is missing between `{{` and `}}`".to_owned());
        }
        segments.push(Segment::Expression { source, tokens });
        rest = &inner[length..];
    }
    if !rest.is_empty() {
        segments.push(Segment::Text(rest));
    }
    Ok(segments)
}

/// The next `{{`, `{%` or `{#`.
fn next_brace(text: &str) -> Option<usize> {
    text.as_bytes()
        .windows(2)
        .position(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
}
