use std::time::Duration;

/// The limit was set anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    pub from: u32,
    pub to: u32,
    pub cause: Cause,
    /// How long calls took lately.
    pub latency: Option<Duration>,
    /// How long they take when there is little load, as far as is known.
    pub unloaded: Option<Duration>,
}

/// Why a limit was set anew.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Cause {
    /// It was used, and hardly anything queued behind it.
    Room,
    /// More queues behind it than should.
    Queue,
    /// More calls at once took longer, and no more of them were done.
    Saturated,
    /// Calls ended with signs of overload.
    Overload,
    /// For a moment, to see how long calls take when there is little load.
    Probe,
    /// That was seen.
    Probed,
}

impl Cause {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Queue => "queue",
            Self::Saturated => "saturated",
            Self::Overload => "overload",
            Self::Probe => "probe",
            Self::Probed => "probed",
        }
    }
}
