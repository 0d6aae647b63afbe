use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{self, HeaderValue};
use serde::{Serialize, Serializer};

use super::{State, Verdict};
use crate::problem::Verbatim;
use crate::redaction::redact;

/// How much of a detail is kept, in bytes.
const LONGEST_DETAIL: usize = 256;

/// All checks together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overall {
    Ready,
    /// Work is taken, but something is not as it should be.
    Degraded,
    Unavailable,
}

/// What one check found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CheckReport {
    pub name: &'static str,
    #[serde(rename = "status")]
    pub state: State,
    pub critical: bool,
    /// What the check took.
    #[serde(rename = "latency_ms", serialize_with = "millis")]
    pub latency: Duration,
    /// How long it has been in this state.
    #[serde(rename = "since_ms", serialize_with = "millis")]
    pub since: Duration,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What all checks found, in the order in which they were registered.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    #[serde(rename = "status")]
    pub overall: Overall,
    pub checks: Vec<CheckReport>,
}

/// How much of a report an answer shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Details {
    /// For anybody: names and states.
    Hidden,
    /// For operators: also what the checks say.
    Shown,
}

impl Report {
    pub(super) fn of(checks: Vec<CheckReport>) -> Self {
        let worst = |critical: bool| {
            let states = checks.iter().filter(|check| check.critical || !critical);
            states.map(|check| check.state).max().unwrap_or(State::Up)
        };
        let overall = match (worst(true), worst(false)) {
            (State::Down, _) => Overall::Unavailable,
            (_, State::Up) => Overall::Ready,
            _ => Overall::Degraded,
        };
        Self { overall, checks }
    }

    /// 503 if work should go elsewhere, otherwise 200. It is a report, not a rejection, and no cache keeps it.
    #[must_use]
    pub fn response(&self, details: Details) -> Response {
        let status = match self.overall {
            Overall::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Overall::Ready | Overall::Degraded => StatusCode::OK,
        };
        let mut response = match details {
            Details::Shown => Json(self).into_response(),
            Details::Hidden => Json(self.without_details()).into_response(),
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(Verbatim);
        response
    }

    fn without_details(&self) -> Self {
        let mut report = self.clone();
        for check in &mut report.checks {
            check.detail = None;
        }
        report
    }
}

/// A detail as it may be shown: without secrets, and short. Errors of clients like to name the URL with its password.
pub(super) fn detail_of(verdict: &Verdict) -> Option<String> {
    let clean = redact(verdict.detail.as_deref()?);
    let end = clean.floor_char_boundary(LONGEST_DETAIL);
    Some(clean[..end].to_owned())
}

fn millis<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(state: State, critical: bool) -> CheckReport {
        CheckReport {
            name: "a",
            state,
            critical,
            latency: Duration::from_millis(3),
            since: Duration::from_secs(2),
            detail: Some("why".to_owned()),
        }
    }

    #[test]
    fn only_a_critical_check_that_is_down_sends_work_away() {
        use State::{Degraded, Down, Up};
        for (states, overall) in [
            (&[][..], Overall::Ready),
            (&[(Up, true), (Up, false)], Overall::Ready),
            (&[(Up, true), (Down, false)], Overall::Degraded),
            (&[(Degraded, true), (Up, false)], Overall::Degraded),
            (&[(Up, false), (Degraded, false)], Overall::Degraded),
            (&[(Down, true), (Up, false)], Overall::Unavailable),
            (&[(Up, true), (Down, true)], Overall::Unavailable),
        ] {
            let checks = states.iter().map(|(state, critical)| check(*state, *critical));
            let report = Report::of(checks.collect());
            assert_eq!(report.overall, overall, "{states:?}");
            let status = report.response(Details::Hidden).status().as_u16();
            assert_eq!(status == 503, overall == Overall::Unavailable);
        }
    }

    #[tokio::test]
    async fn details_are_for_those_who_may_see_them() {
        let report = Report::of(vec![check(State::Down, true)]);
        for (details, text) in [
            (
                Details::Hidden,
                r#"{"status":"unavailable","checks":[{"name":"a","status":"down","critical":true,"latency_ms":3,"since_ms":2000}]}"#,
            ),
            (
                Details::Shown,
                r#"{"status":"unavailable","checks":[{"name":"a","status":"down","critical":true,"latency_ms":3,"since_ms":2000,"detail":"why"}]}"#,
            ),
        ] {
            let response = report.response(details);
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert!(response.extensions().get::<Verbatim>().is_some());
            let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
            assert_eq!(body, text);
        }
    }

    #[test]
    fn a_detail_is_short_and_holds_no_secret() {
        let verdict = Verdict::down(format!("postgres://ada:hunter2@db/ is gone{}", "é".repeat(300)));
        let detail = detail_of(&verdict).unwrap();
        assert!(detail.starts_with("postgres://[redacted]@db/ is gone") && detail.len() <= LONGEST_DETAIL);
        assert_eq!(detail_of(&Verdict::up()), None);
    }
}
