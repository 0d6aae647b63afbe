use std::fmt::{self, Write as _};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{FormatEvent, Writer};
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::fmt::{FmtContext, FormattedFields, Layer, MakeWriter};
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::Style;
use super::escape::escape;
use super::fields::{Fields, LONGEST_VALUE, LogFields};
use super::time::UtcTime;

/// How long a line is at most, in bytes, without the end of the line.
pub const LONGEST_LINE: usize = 16 * 1024;

/// How much of it is for the event's fields, and how much for spans. What is left is for the message and the beginning.
const FIELDS: usize = 6 * 1024;
const SPANS: usize = 5 * 1024;
const LONGEST_NAME: usize = 128;

/// Formats an event as one line. See the [module](super).
#[derive(Clone, Copy, Debug)]
pub struct LogFormat<T = UtcTime> {
    style: Style,
    timer: T,
}

/// A layer that writes lines of that style.
pub fn layer<S, W>(style: Style, writer: W) -> Layer<S, LogFields, LogFormat, W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    let format = LogFormat { style, timer: UtcTime };
    Layer::default()
        .fmt_fields(LogFields { style })
        .event_format(format)
        .with_writer(writer)
        // What is coloured is colour codes in a file.
        .with_ansi(false)
}

impl<T> LogFormat<T> {
    /// With another clock.
    pub fn with_timer<U: FormatTime>(self, timer: U) -> LogFormat<U> {
        LogFormat {
            style: self.style,
            timer,
        }
    }
}

/// Only with [`LogFields`]: fields of spans that something else has formatted were not looked at.
impl<S, T> FormatEvent<S, LogFields> for LogFormat<T>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    T: FormatTime,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, LogFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::new(self.style, FIELDS);
        event.record(&mut fields);
        let mut line = String::with_capacity(1024);
        match self.style {
            Style::Json => self.json(&mut line, context, event, &fields)?,
            Style::Text => self.text(&mut line, context, event, &fields)?,
        }
        debug_assert!(line.len() <= LONGEST_LINE, "the parts are bounded");
        line.push('\n');
        writer.write_str(&line)
    }
}

impl<T: FormatTime> LogFormat<T> {
    fn json<S>(
        &self,
        line: &mut String,
        context: &FmtContext<'_, S, LogFields>,
        event: &Event<'_>,
        fields: &Fields,
    ) -> fmt::Result
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        line.push_str("{\"timestamp\":\"");
        self.timer.format_time(&mut Writer::new(line))?;
        line.push_str("\",\"level\":\"");
        line.push_str(event.metadata().level().as_str());
        line.push_str("\",\"target\":\"");
        escape(line, event.metadata().target(), LONGEST_NAME);
        line.push('"');
        if let Some(message) = &fields.message {
            line.push_str(",\"message\":\"");
            push_message(line, message);
            line.push('"');
        }
        if !fields.text.is_empty() {
            line.push(',');
            line.push_str(&fields.text);
        }
        let mut left_out = fields.left_out;
        let mut spans = String::new();
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let before = spans.len();
            spans.push_str(if before == 0 { "{\"name\":\"" } else { ",{\"name\":\"" });
            escape(&mut spans, span.name(), LONGEST_NAME);
            spans.push('"');
            if let Some(own) = span.extensions().get::<FormattedFields<LogFields>>()
                && !own.fields.is_empty()
            {
                spans.push(',');
                spans.push_str(&own.fields);
            }
            spans.push('}');
            if spans.len() > SPANS {
                spans.truncate(before);
                left_out += 1;
            }
        }
        if !spans.is_empty() {
            line.push_str(",\"spans\":[");
            line.push_str(&spans);
            line.push(']');
        }
        if left_out > 0 {
            write!(line, ",\"left_out\":{left_out}")?;
        }
        line.push('}');
        Ok(())
    }

    fn text<S>(
        &self,
        line: &mut String,
        context: &FmtContext<'_, S, LogFields>,
        event: &Event<'_>,
        fields: &Fields,
    ) -> fmt::Result
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        self.timer.format_time(&mut Writer::new(line))?;
        write!(line, " {} ", padded(*event.metadata().level()))?;
        let (begin, mut left_out) = (line.len(), fields.left_out);
        for span in context.event_scope().into_iter().flat_map(Scope::from_root) {
            let before = line.len();
            escape(line, span.name(), LONGEST_NAME);
            if let Some(own) = span.extensions().get::<FormattedFields<LogFields>>()
                && !own.fields.is_empty()
            {
                write!(line, "{{{}}}", own.fields)?;
            }
            line.push_str(": ");
            if line.len() - begin > SPANS {
                line.truncate(before);
                left_out += 1;
            }
        }
        escape(line, event.metadata().target(), LONGEST_NAME);
        line.push(':');
        if let Some(message) = &fields.message {
            line.push(' ');
            push_message(line, message);
        }
        if !fields.text.is_empty() {
            line.push(' ');
            line.push_str(&fields.text);
        }
        if left_out > 0 {
            write!(line, " left_out={left_out}")?;
        }
        Ok(())
    }
}

fn push_message(line: &mut String, message: &str) {
    if !escape(line, message, LONGEST_VALUE) {
        line.push('…');
    }
}

/// All levels are five letters wide.
const fn padded(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => " WARN",
        Level::INFO => " INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}
