/// What a backend's writer has done since it was opened. A backend without one leaves it at nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WriteStats {
    /// Transactions that changed something and are durable.
    pub commits: u64,
    /// Operations answered, refused ones included.
    pub operations: u64,
    /// Operations that wait for the writer.
    pub queued: usize,
    /// How many operations went together, by batch.
    pub batches: Spread,
    /// From the first statement to the end of COMMIT, in microseconds, by batch.
    pub flushes: Spread,
}

/// How many values fell into which range.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Spread {
    /// Upper bounds, the bound itself included, in rising order, and how many values fell there.
    pub buckets: Vec<(u64, u64)>,
    /// Values above the last bound.
    pub beyond: u64,
    pub sum: u64,
}

impl Spread {
    /// How many values there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum::<u64>() + self.beyond
    }
}
