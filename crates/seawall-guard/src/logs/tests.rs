use std::fmt;

use proptest::prelude::*;
use serde_json::Value;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::written::Written;

const KEY: &str = "sw_01h455vb4pex5vsknk084sn02q_3Zb1Qm8vJt5uXy7k";
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

/// What a subscriber with the layer writes meanwhile.
fn lines(style: Style, work: impl FnOnce()) -> Vec<String> {
    let written = Written::default();
    crate::heard::keep_callsites_on();
    let layer = layer(style, written.writer());
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, work);
    written.lines()
}

/// The line without its time, which is at its beginning.
fn timeless(style: Style, line: &str) -> String {
    let time = match style {
        Style::Json => &line["{\"timestamp\":\"".len()..],
        Style::Text => line,
    };
    let (time, rest) = time.split_at(time.find('Z').unwrap() + 1);
    assert!(time.starts_with("20") && time.len() == 27, "{time}");
    rest.trim_start_matches("\",").to_owned()
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Because(String, #[source] Option<Box<Because>>);

#[derive(Debug)]
#[expect(dead_code, reason = "it is written by its Debug")]
struct Config {
    user: &'static str,
    password: Option<&'static str>,
}

fn everything() {
    let span = tracing::info_span!("request", request.id = "id-1", run = tracing::field::Empty);
    let _entered = span.enter();
    span.record("run", "run_1");
    span.record("run", 2);
    let error = Because("cannot read".into(), Some(Because("disk is gone".into(), None).into()));
    let error: &(dyn std::error::Error + 'static) = &error;
    tracing::warn!(
        error,
        count = 3,
        ratio = 0.5,
        nan = f64::NAN,
        done = true,
        level = "mine",
        "it is {}",
        "so"
    );
    tracing::info_span!("inner").in_scope(|| tracing::info!(path = "/a b", empty = ""));
}

#[test]
fn a_line_of_json_says_all_and_is_json() {
    let lines = lines(Style::Json, everything);
    let timeless: Vec<_> = lines.iter().map(|line| timeless(Style::Json, line)).collect();
    assert_eq!(
        timeless,
        [
            r#""level":"WARN","target":"seawall_guard::logs::tests","message":"it is so","error":"cannot read: disk is gone","count":3,"ratio":0.5,"nan":"NaN","done":true,"field.level":"mine","spans":[{"name":"request","request.id":"id-1","run":2}]}"#,
            r#""level":"INFO","target":"seawall_guard::logs::tests","path":"/a b","empty":"","spans":[{"name":"request","request.id":"id-1","run":2},{"name":"inner"}]}"#,
        ]
    );
    for line in lines {
        serde_json::from_str::<Value>(&line).unwrap();
    }
}

#[test]
fn a_line_of_text_is_for_people() {
    let lines = lines(Style::Text, everything);
    let timeless: Vec<_> = lines.iter().map(|line| timeless(Style::Text, line)).collect();
    assert_eq!(
        timeless,
        [
            r#"  WARN request{request.id=id-1 run=run_1 run=2}: seawall_guard::logs::tests: it is so error="cannot read: disk is gone" count=3 ratio=0.5 nan=NaN done=true field.level=mine"#,
            r#"  INFO request{request.id=id-1 run=run_1 run=2}: inner: seawall_guard::logs::tests: path="/a b" empty="""#,
        ]
    );
}

/// Secrets wherever something can be logged.
fn planted() {
    let config = Config {
        user: "ada",
        password: Some("Xq7Zp"),
    };
    let cause = Because(format!("POST https://ada:Xq7Zp@host/?token=Xq7Zp: {KEY}"), None);
    let error = Because(format!("refused {JWT}"), Some(Box::new(cause)));
    let error: &(dyn std::error::Error + 'static) = &error;
    let span = tracing::info_span!("call", api_key = "Xq7Zp", ?config, later = tracing::field::Empty);
    span.record("later", KEY);
    let _entered = span.enter();
    tracing::info!(
        password = "Xq7Zp",
        session_id = 73_312,
        card = 4_111_111_111_111_111_u64,
        "plain"
    );
    tracing::info!(?config, shown = %error, error, mail = "ada.lovelace@example.com", "config {config:?}");
    tracing::error!("Authorization: Bearer Xq7Zp.abc, key {KEY}, {JWT}");
    let headers = http::HeaderMap::from_iter([(
        http::HeaderName::from_static("x-api-key"),
        http::HeaderValue::from_static("Xq7Zp"),
    )]);
    tracing::info!(?headers, body = r#"{"client_secret": ["Xq7Zp", "Xq7Zp"]}"#, "sent");
    drop(tracing::info_span!("inner", token = KEY).entered());
}

#[test]
fn planted_secrets_never_appear() {
    for style in [Style::Json, Style::Text] {
        let lines = lines(style, planted);
        assert_eq!(lines.len(), 4);
        let text = lines.join("\n");
        for secret in ["Xq7Zp", KEY, JWT, "4111111111111111", "73312", "lovelace"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(
            text.contains("[redacted]") && text.contains("ada") && text.contains("refused"),
            "{text}"
        );
    }
}

#[test]
fn what_is_cut_was_looked_at_whole() {
    // A key across every place where something is cut.
    for before in [4090, 4000, 16_380, 16_350] {
        let text = format!("{} {KEY} {}", "x".repeat(before), "y".repeat(20_000));
        for line in lines(Style::Json, || tracing::info!(text, other = ?text, "{text}")) {
            assert!(!line.contains("sw_01h"), "{before}");
            assert!(line.len() <= LONGEST_LINE);
        }
    }
}

#[test]
fn nothing_that_is_logged_begins_a_line_or_moves_the_cursor() {
    let forged = "x\n{\"level\":\"ERROR\"}\r\u{1b}[2K\u{9b}2J\u{2028}\u{202e}\u{7}\0";
    for style in [Style::Json, Style::Text] {
        let lines = lines(style, || {
            let span = tracing::info_span!("a", forged);
            span.in_scope(|| tracing::info!(forged, debug = ?forged, other = %forged, "{forged}"));
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(!lines[0].chars().any(escape::is_unsafe), "{lines:?}");
    }
}

struct Endless;

impl fmt::Debug for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            f.write_str("and so on ")?;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_line_is_json_and_bounded_whatever_is_logged(
        text in any::<String>(), times in 1..5_000usize, depth in 0..40usize, number in any::<u64>()
    ) {
        let long = text.repeat(times.min(200_000 / text.len().max(1)));
        for style in [Style::Json, Style::Text] {
            let lines = lines(style, || {
                let spans: Vec<_> = (0..depth)
                    .map(|_| tracing::info_span!("span", long, number).entered())
                    .collect();
                tracing::info!(long, a = ?long, b = %long, number, endless = ?Endless, c = %long, "{long}");
                // In the reverse order of entering.
                spans.into_iter().rev().for_each(drop);
            });
            prop_assert_eq!(lines.len(), 1);
            prop_assert!(lines[0].len() <= LONGEST_LINE, "{}", lines[0].len());
            prop_assert!(!lines[0].chars().any(escape::is_unsafe));
            if style == Style::Json {
                let line: Value = serde_json::from_str(&lines[0]).unwrap();
                prop_assert_eq!(&line["level"], "INFO");
            }
        }
    }
}
