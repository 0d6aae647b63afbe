//! A cron pattern on the calendar.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;

/// Bytes of a pattern.
const MAX_PATTERN: usize = 256;

/// Fields that tell the time of day: seconds, minutes, hours.
const TIME_FIELDS: usize = 3;

/// Why a text is no cron pattern.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum CronError {
    #[error("a cron pattern is at most 256 bytes")]
    TooLong,
    #[error("a cron pattern has 5 fields, or 6 with the seconds first; this one has {0}")]
    Fields(usize),
    #[error("not a cron pattern: {0}")]
    Malformed(String),
}

/// A pattern of 5 or 6 fields (seconds first), or `@hourly` and the like.
#[derive(Clone, Debug)]
pub(crate) struct CronPattern {
    cron: Cron,
    fixed: bool,
}

impl CronPattern {
    pub(crate) fn parse(text: &str) -> Result<Self, CronError> {
        if text.len() > MAX_PATTERN {
            return Err(CronError::TooLong);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let nickname = matches!(*fields, [name] if name.starts_with('@'));
        if !nickname && !matches!(fields.len(), 5 | 6) {
            return Err(CronError::Fields(fields.len()));
        }
        // The parser passes over what is missing in a list.
        if fields.iter().flat_map(|field| field.split(',')).any(str::is_empty) {
            return Err(CronError::Malformed("a list has an empty place".to_owned()));
        }
        let parser = CronParser::builder()
            .seconds(Seconds::Optional)
            .year(Year::Disallowed)
            .build();
        let cron = parser
            .parse(text)
            .map_err(|error| CronError::Malformed(in_words(&error)))?;
        // Nicknames are replaced by what they stand for.
        let written = cron.as_str().split_whitespace().collect::<Vec<_>>();
        let of_time = written.len().saturating_sub(TIME_FIELDS);
        let fixed = !written.iter().take(of_time).any(|field| field.contains('*'));
        Ok(Self { cron, fixed })
    }

    /// Whether it names times of day, instead of saying how often: no `*` in seconds, minutes and hours.
    pub(crate) const fn is_fixed(&self) -> bool {
        self.fixed
    }

    /// The first time of the pattern after `time` (or at it), to the second. None: there is none up to the year 5000.
    pub(crate) fn at_or_after(&self, time: DateTime, inclusive: bool) -> Option<DateTime> {
        self.cron.find_next_occurrence(&time, inclusive).ok()
    }

    /// The last time of the pattern at or before `time`, to the second.
    pub(crate) fn at_or_before(&self, time: DateTime) -> Option<DateTime> {
        self.cron.find_previous_occurrence(&time, true).ok()
    }
}

fn in_words(error: &croner::errors::CronError) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("Component error: ").unwrap_or(&text);
    let text = text.strip_prefix("Invalid pattern: ").unwrap_or(text);
    text.trim_end_matches('.').to_owned()
}
