/// What a call may take longer than without load before it counts as having queued: noise.
const TOLERANCE: f64 = 1.1;

/// How many of `in_flight` calls wait inside, by Little's law: the share of its time that a call spends waiting is the share of
/// calls that wait.
pub(super) fn queued(in_flight: f64, unloaded: f64, latency: f64) -> f64 {
    if latency <= 0.0 {
        return 0.0;
    }
    in_flight * (1.0 - TOLERANCE * unloaded / latency).max(0.0)
}

/// How many should wait inside, so that it is never idle, and at how many there are too many. They grow slowly with the limit:
/// chance evens out among many.
pub(super) fn band(limit: f64) -> (f64, f64) {
    let fewest = 1.0 + limit.max(1.0).log10();
    (fewest, 2.0 * fewest)
}
