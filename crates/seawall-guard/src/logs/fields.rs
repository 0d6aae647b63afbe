use std::error::Error;
use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormattedFields;
use tracing_subscriber::fmt::format::{FormatFields, Writer};

use super::Style;
use super::clean::{bounded, chain, clean};
use super::escape::{escape, is_unsafe};

/// How much a value takes at most, in bytes.
pub(super) const LONGEST_VALUE: usize = 4096;

/// Less than this of a long value says nothing.
const LEAST_VALUE: usize = 64;

/// What stands round a name and a value: separators, quotes, a prefix, the mark of a cut.
const AROUND: usize = 16;

/// How much the fields of a span take together.
const LONGEST_SPAN: usize = 2048;

/// What follows a value that was cut.
const CUT: &str = "…";

/// Fields that an event's own must not be taken for.
const OWN: [&str; 5] = ["timestamp", "level", "target", "spans", "left_out"];

/// Formats the fields of spans as [`LogFormat`](super::LogFormat) reads them.
#[derive(Clone, Copy, Debug)]
pub struct LogFields {
    pub(super) style: Style,
}

impl<'writer> FormatFields<'writer> for LogFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut written = Fields::new(self.style, LONGEST_SPAN);
        fields.record(&mut written);
        writer.write_str(&written.text)?;
        match (written.left_out, self.style) {
            (0, _) => Ok(()),
            (left_out, Style::Json) => write!(writer, ",\"left_out\":{left_out}"),
            (left_out, Style::Text) => write!(writer, " left_out={left_out}"),
        }
    }

    fn add_fields(&self, current: &'writer mut FormattedFields<Self>, fields: &Record<'_>) -> fmt::Result {
        let mut more = Fields::new(self.style, LONGEST_SPAN.saturating_sub(current.fields.len()));
        fields.record(&mut more);
        current.fields = match self.style {
            Style::Json => merged(&current.fields, &more.text),
            Style::Text => [&*current.fields, &more.text].join(" ").trim().to_owned(),
        };
        Ok(())
    }
}

/// Members of one object: a span may be told the same field twice, and then it is as told last.
fn merged(before: &str, more: &str) -> String {
    let object = |members: &str| serde_json::from_str::<Map<String, Value>>(&format!("{{{members}}}"));
    let (Ok(mut all), Ok(more)) = (object(before), object(more)) else {
        return before.to_owned();
    };
    all.extend(more);
    let text = Value::Object(all).to_string();
    text[1..text.len() - 1].to_owned()
}

/// Collects fields, clean and escaped: members of an object, or `name=value` with blanks between.
pub(super) struct Fields {
    style: Style,
    room: usize,
    pub(super) text: String,
    pub(super) message: Option<String>,
    pub(super) left_out: usize,
}

impl Fields {
    pub(super) fn new(style: Style, room: usize) -> Self {
        Self {
            style,
            room,
            // As much as nearly all lines take: growing step by step costs more than writing.
            text: String::with_capacity(room.min(512)),
            message: None,
            left_out: 0,
        }
    }

    fn value(&mut self, field: &Field, value: &str) {
        let name = field.name();
        let value = clean(name, value);
        if name == "message" {
            self.message = Some(value.into_owned());
            return;
        }
        let quoted = self.style == Style::Json || needs_quotes(&value);
        let left = self.room.saturating_sub(self.text.len() + name.len() + AROUND);
        // With too little room it is left out; with some it is cut.
        let room = if left < LEAST_VALUE {
            LONGEST_VALUE
        } else {
            left.min(LONGEST_VALUE)
        };
        self.add(name, |out| {
            if quoted {
                out.push('"');
            }
            if !escape(out, &value, room) {
                out.push_str(CUT);
            }
            if quoted {
                out.push('"');
            }
        });
    }

    /// What needs no escapes. A number may be a card's, and a name may speak of a secret.
    fn plain(&mut self, field: &Field, text: &str) {
        if *clean(field.name(), text) == *text {
            self.add(field.name(), |out| out.push_str(text));
        } else {
            self.value(field, text);
        }
    }

    /// Adds a field, if there is room for all of it.
    fn add(&mut self, name: &str, value: impl FnOnce(&mut String)) {
        let before = self.text.len();
        let (first, json) = (before == 0, self.style == Style::Json);
        match (first, json) {
            (true, _) => {}
            (false, true) => self.text.push(','),
            (false, false) => self.text.push(' '),
        }
        if json {
            self.text.push('"');
        }
        if OWN.contains(&name) {
            self.text.push_str("field.");
        }
        escape(&mut self.text, name, LONGEST_VALUE);
        self.text.push_str(if json { "\":" } else { "=" });
        value(&mut self.text);
        if self.text.len() > self.room {
            self.text.truncate(before);
            self.left_out += 1;
        }
    }
}

/// A value that could be taken for more than one, or for none.
fn needs_quotes(value: &str) -> bool {
    let parts = |c: char| c.is_whitespace() || is_unsafe(c) || matches!(c, '"' | '=' | '\\');
    value.is_empty() || value.contains(parts)
}

/// Without an allocation: most fields of most lines are such numbers.
fn digits(mut value: u64, buffer: &mut [u8; 20]) -> &str {
    let mut begin = buffer.len();
    loop {
        begin -= 1;
        buffer[begin] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return std::str::from_utf8(&buffer[begin..]).unwrap_or_default();
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.value(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.value(field, &bounded(format_args!("{value:?}")));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.value(field, &chain(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, if value { "true" } else { "false" });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, &value.to_string());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let mut buffer = [0; 20];
        self.plain(field, digits(value, &mut buffer));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON knows no others.
        if value.is_finite() {
            self.plain(field, &value.to_string());
        } else {
            self.value(field, &value.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_those_of_the_number(value in prop_oneof![any::<u64>(), 0..1_000u64, Just(u64::MAX)]) {
            let mut buffer = [0; 20];
            prop_assert_eq!(digits(value, &mut buffer), value.to_string());
        }
    }
}
