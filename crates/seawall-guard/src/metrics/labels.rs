use prometheus_client::encoding::EncodeLabelSet;

use crate::recording::Outcome;

/// The labels of one histogram.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(super) struct RequestLabels {
    pub(super) method: &'static str,
    pub(super) route: String,
    pub(super) status: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub(super) struct RejectionLabels {
    pub(super) code: &'static str,
}

/// The values of `status`.
pub(super) const STATUSES: [&str; 7] = ["1xx", "2xx", "3xx", "4xx", "5xx", "failed", "abandoned"];

/// Which of [`STATUSES`] it is. Statuses beyond 599, which no standard knows, count as 5xx.
pub(super) fn status_index(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Answered(status) => usize::from(status.as_u16() / 100).clamp(1, 5) - 1,
        Outcome::Failed => 5,
        Outcome::Abandoned => 6,
    }
}

#[cfg(test)]
mod tests {
    use ::http::StatusCode;

    use super::*;

    #[test]
    fn every_status_has_its_class() {
        for (status, class) in [
            (100, "1xx"),
            (200, "2xx"),
            (308, "3xx"),
            (499, "4xx"),
            (500, "5xx"),
            (599, "5xx"),
            (999, "5xx"),
        ] {
            let outcome = Outcome::Answered(StatusCode::from_u16(status).unwrap());
            assert_eq!(STATUSES[status_index(outcome)], class, "{status}");
        }
        assert_eq!(STATUSES[status_index(Outcome::Failed)], "failed");
        assert_eq!(STATUSES[status_index(Outcome::Abandoned)], "abandoned");
    }
}
