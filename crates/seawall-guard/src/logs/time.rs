use std::cell::RefCell;
use std::fmt;

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::clock::since_1970;

/// `2026-01-31T23:59:59`, which is the same for all lines of a second.
const SECOND: usize = 19;

/// The time in UTC with microseconds, as [`SystemTime`] writes it, from which it takes each second once for each thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct UtcTime;

#[derive(Default)]
struct Last {
    /// Since the beginning of 1970.
    second: u64,
    text: String,
}

thread_local! {
    static LAST: RefCell<Last> = RefCell::default();
}

impl FormatTime for UtcTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let now = since_1970();
        LAST.with_borrow_mut(|last| {
            if last.text.is_empty() || last.second != now.as_secs() {
                last.text.clear();
                SystemTime.format_time(&mut Writer::new(&mut last.text))?;
                last.second = now.as_secs();
                let whole = std::mem::take(&mut last.text);
                // If a second began in between, nobody knows whose text it is.
                if since_1970().as_secs() == now.as_secs()
                    && let Some(second) = whole.get(..SECOND)
                {
                    last.text.push_str(second);
                }
                return writer.write_str(&whole);
            }
            writer.write_str(&last.text)?;
            let mut rest = *b".000000Z";
            let mut micros = now.subsec_micros();
            for digit in rest[1..7].iter_mut().rev() {
                *digit = b'0' + (micros % 10) as u8;
                micros /= 10;
            }
            writer.write_str(std::str::from_utf8(&rest).unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: &impl FormatTime) -> String {
        let mut text = String::new();
        of.format_time(&mut Writer::new(&mut text)).unwrap();
        text
    }

    #[test]
    fn it_writes_what_the_system_s_time_writes() {
        let mut before = text(&SystemTime);
        for _ in 0..1_000 {
            let (own, after) = (text(&UtcTime), text(&SystemTime));
            assert_eq!(own.len(), after.len(), "{own}");
            assert!(before <= own && own <= after, "{before} {own} {after}");
            before = after;
        }
    }
}
