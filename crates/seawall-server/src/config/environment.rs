use std::fmt;

/// Where this process runs. `Dev` is lenient and therefore bound to loopback.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Environment {
    #[default]
    Dev,
    Staging,
    Production,
}

impl Environment {
    /// The name in `ENVIRONMENT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// `prod` is understood as `production`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "dev" => Some(Self::Dev),
            "staging" => Some(Self::Staging),
            "production" | "prod" => Some(Self::Production),
            _ => None,
        }
    }

    #[must_use]
    pub const fn is_dev(self) -> bool {
        matches!(self, Self::Dev)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
