use std::fmt;
use std::str::FromStr;

use seawall_store::Timestamp;
use serde::{Serialize, Serializer};

/// An instant as RFC 3339 in UTC, with milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(pub(crate) Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Beyond the year 9999 there is no such text; the nearest end of the range stands for it.
        let time = jiff::Timestamp::from_millisecond(self.0.as_millis()).unwrap_or(jiff::Timestamp::MAX);
        write!(f, "{time:.3}")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Time {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, jiff::Error> {
        let time: jiff::Timestamp = text.parse()?;
        Ok(Self(Timestamp::from_millis(time.as_millisecond())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_in_utc_and_read_back() {
        let time = Time(Timestamp::from_millis(1_700_000_000_120));
        assert_eq!(time.to_string(), "2023-11-14T22:13:20.120Z");
        assert_eq!(time.to_string().parse::<Time>().unwrap().0, time.0);
        assert_eq!("2023-11-14T23:13:20.12+01:00".parse::<Time>().unwrap().0, time.0);
        assert!("yesterday".parse::<Time>().is_err());
    }
}
