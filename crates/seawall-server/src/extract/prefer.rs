use std::time::Duration;

use http::header::HeaderMap;

const LONGEST: u64 = 60;

/// The wait that `Prefer: wait=SECONDS` (RFC 7240) asks for, at most a minute. What cannot be read is ignored, as
/// preferences are.
pub(crate) fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let preferences = headers
        .get_all("prefer")
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    preferences
        .flat_map(|value| value.split([',', ';']))
        .find_map(|preference| {
            let (name, value) = preference.split_once('=')?;
            let seconds = value.trim().trim_matches('"');
            name.trim()
                .eq_ignore_ascii_case("wait")
                .then(|| seconds.parse::<u64>().ok())?
        })
        .map(|seconds| Duration::from_secs(seconds.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_read_bounded_or_ignored() {
        let cases = [
            ("wait=10", Some(10)),
            ("respond-async, wait=5", Some(5)),
            ("Wait = \"7\"", Some(7)),
            ("wait=3600", Some(60)),
            ("wait=-1", None),
            ("wait", None),
            ("return=minimal", None),
        ];
        for (text, seconds) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", text.parse().unwrap());
            assert_eq!(wait_of(&headers), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
