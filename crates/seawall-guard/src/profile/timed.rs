use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::HeaderValue;
use parking_lot::Mutex;
use tokio::time::Instant;

/// How many spans of a request are looked at.
pub const MOST_SPANS: usize = 256;

/// How many names the header has room for.
const TOP: usize = 5;

/// The longest name it shows, in bytes.
const LONGEST_NAME: usize = 64;

/// Profiles under way in this process. While there are none, a new span costs this one load.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// The spans of one request. Clones are the same profile.
#[derive(Clone, Debug)]
pub(super) struct Profile(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    began: Instant,
    spans: Mutex<Vec<Timed>>,
}

#[derive(Debug)]
struct Timed {
    name: &'static str,
    opened: Instant,
    closed: Option<Instant>,
}

impl Profile {
    pub(super) fn begin() -> Self {
        UNDER_WAY.fetch_add(1, Ordering::Relaxed);
        Self(Arc::new(Shared {
            began: Instant::now(),
            spans: Mutex::default(),
        }))
    }

    /// Whether any request is being profiled.
    pub(super) fn any() -> bool {
        UNDER_WAY.load(Ordering::Relaxed) > 0
    }

    /// The place of a new span, if there is room.
    pub(super) fn open(&self, name: &'static str) -> Option<usize> {
        let mut spans = self.0.spans.lock();
        let place = spans.len();
        (place < MOST_SPANS).then(|| {
            spans.push(Timed {
                name,
                opened: Instant::now(),
                closed: None,
            });
            place
        })
    }

    pub(super) fn close(&self, place: usize) {
        if let Some(span) = self.0.spans.lock().get_mut(place) {
            span.closed = Some(Instant::now());
        }
    }

    pub(super) fn duration(&self) -> HeaderValue {
        header(&format!("{:.3}", millis(self.0.began.elapsed())))
    }

    /// What took longest; nothing if there were no spans. One that is still open counts until now.
    pub(super) fn top(&self) -> Option<HeaderValue> {
        let mut text = String::new();
        for (name, took) in self.sums().into_iter().take(TOP) {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.extend(name.bytes().take(LONGEST_NAME).map(safe));
            let _ = write!(text, ";dur={:.3}", millis(took));
        }
        (!text.is_empty()).then(|| header(&text))
    }

    /// By name, the longest first.
    fn sums(&self) -> Vec<(&'static str, Duration)> {
        let now = Instant::now();
        let mut sums: Vec<(&'static str, Duration)> = Vec::new();
        for span in &*self.0.spans.lock() {
            let took = span.closed.unwrap_or(now).saturating_duration_since(span.opened);
            match sums.iter_mut().find(|(name, _)| *name == span.name) {
                Some((_, sum)) => *sum += took,
                None => sums.push((span.name, took)),
            }
        }
        sums.sort_by_key(|(_, sum)| std::cmp::Reverse(*sum));
        sums
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::Relaxed);
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("names are made safe, and the rest is digits and signs")
}

/// A letter of a name as it may stand in the header: nothing that ends a name or a value.
fn safe(byte: u8) -> char {
    match byte {
        b'.' | b'_' | b'-' | b':' | b'/' => char::from(byte),
        byte if byte.is_ascii_alphanumeric() => char::from(byte),
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_five_longest_names_are_shown_and_nothing_breaks_the_header() {
        let profile = Profile::begin();
        let long: &'static str = "x".repeat(100).leak();
        for (name, took) in [
            ("short", 1),
            ("query", 20),
            ("a b;c,\r\n\u{e9}", 30),
            ("query", 20),
            (long, 15),
            ("five", 5),
            ("four", 6),
        ] {
            let place = profile.open(name).unwrap();
            tokio::time::advance(Duration::from_millis(took)).await;
            profile.close(place);
        }
        let open = profile.open("still-open").unwrap();
        tokio::time::advance(Duration::from_micros(7500)).await;
        let expected = format!(
            "query;dur=40.000, a_b_c_____;dur=30.000, {};dur=15.000, still-open;dur=7.500, four;dur=6.000",
            "x".repeat(64)
        );
        assert_eq!(profile.top().unwrap(), expected);
        assert_eq!(profile.duration(), "104.500");
        profile.close(open);
    }

    #[test]
    fn there_is_room_for_so_many_spans() {
        let profile = Profile::begin();
        assert_eq!(profile.top(), None);
        assert!((0..MOST_SPANS).all(|place| profile.open("a") == Some(place)));
        assert_eq!(profile.open("b"), None);
        assert!(Profile::any());
    }
}
