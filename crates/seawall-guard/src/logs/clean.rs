use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};

use crate::redaction::{NameClass, class_of, redact};

/// How much of a value is looked at, in bytes. More than is written: a secret that is cut would not look like one, so what is cut
/// was looked at whole.
const LOOKED_AT: usize = 16 * 1024;

/// How many errors of a chain are written.
const LONGEST_CHAIN: usize = 16;

const MARK: &str = "[redacted]";

/// The value of a field as it may be written.
pub(super) fn clean<'a>(name: &str, text: &'a str) -> Cow<'a, str> {
    let text = &text[..text.floor_char_boundary(LOOKED_AT)];
    match class_of(name) {
        NameClass::Secret => Cow::Borrowed(MARK),
        NameClass::Harmless => Cow::Borrowed(text),
        NameClass::Unknown => redact(text),
    }
}

/// What is to be formatted, up to where it is looked at.
pub(super) fn bounded(value: fmt::Arguments<'_>) -> String {
    let mut bounded = Bounded(String::new());
    // What does not fit any more ends it early.
    let _ = bounded.write_fmt(value);
    bounded.0
}

struct Bounded(String);

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LOOKED_AT - self.0.len();
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

/// An error and what caused it.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = bounded(format_args!("{error}"));
    let mut cause = error.source();
    for _ in 0..LONGEST_CHAIN {
        let Some(next) = cause.filter(|_| text.len() < LOOKED_AT) else {
            break;
        };
        text.push_str(": ");
        text.push_str(&bounded(format_args!("{next}")));
        cause = next.source();
    }
    text
}
