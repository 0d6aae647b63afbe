//! Constants whose form is known: what can never be sent is refused before a run meets it. What templates give is looked at
//! by whoever sends it.

use crate::definition::template::has_template;

type Wrong = (&'static str, &'static str);

/// An URL without templates.
pub(super) fn url(text: &str) -> Result<(), &'static str> {
    let text = text.trim();
    let scheme = text
        .split_once(':')
        .map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let rest = match &scheme {
        Some((scheme, rest)) if scheme == "http" || scheme == "https" => rest,
        _ => return Err("the URL begins neither with `http://` nor with `https://`"),
    };
    let is_end = |c: char| matches!(c, '/' | '\\' | '?' | '#');
    let authority = rest
        .trim_start_matches(['/', '\\'])
        .split(is_end)
        .next()
        .unwrap_or_default();
    if authority.contains('@') {
        return Err("the URL holds credentials; their place is a header, as a secret");
    }
    if authority.is_empty() {
        return Err("the URL names no host");
    }
    Ok(())
}

/// A header, by the characters of RFC 9110.
pub(super) fn header(name: &str, value: Option<&str>) -> Result<(), Wrong> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(("bad-name", "is no header name"));
    }
    let is_constant = |text: &&str| !has_template(text);
    if value
        .filter(is_constant)
        .is_some_and(|text| text.chars().any(is_control))
    {
        return Err(("bad-value", "has characters that a header cannot carry"));
    }
    Ok(())
}

const fn is_control(c: char) -> bool {
    c.is_ascii_control() && c != '\t'
}

/// The name of an environment variable.
pub(super) fn variable(name: &str) -> Result<(), Wrong> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err((
            "bad-name",
            "is no name of an environment variable: it holds a `=` or nothing",
        ));
    }
    Ok(())
}
