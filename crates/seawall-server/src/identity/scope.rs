use std::fmt;
use std::str::FromStr;

/// What a principal may do. A closed set: an operation needs exactly one of these, an inline definition two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    WorkflowsRead,
    WorkflowsWrite,
    RunsRead,
    RunsWrite,
    ApprovalsDecide,
    TasksWork,
    AgentsChat,
    KeysAdmin,
    UsersAdmin,
    AuditRead,
    MetricsRead,
}

impl Scope {
    /// In the order of the API's description, which is also the order in which sets are written.
    pub const ALL: [Self; 11] = [
        Self::WorkflowsRead,
        Self::WorkflowsWrite,
        Self::RunsRead,
        Self::RunsWrite,
        Self::ApprovalsDecide,
        Self::TasksWork,
        Self::AgentsChat,
        Self::KeysAdmin,
        Self::UsersAdmin,
        Self::AuditRead,
        Self::MetricsRead,
    ];

    /// As it is written in keys, tokens and problems.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WorkflowsRead => "workflows:read",
            Self::WorkflowsWrite => "workflows:write",
            Self::RunsRead => "runs:read",
            Self::RunsWrite => "runs:write",
            Self::ApprovalsDecide => "approvals:decide",
            Self::TasksWork => "tasks:work",
            Self::AgentsChat => "agents:chat",
            Self::KeysAdmin => "keys:admin",
            Self::UsersAdmin => "users:admin",
            Self::AuditRead => "audit:read",
            Self::MetricsRead => "metrics:read",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("there is no such scope")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let known = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        known.ok_or(UnknownScope)
    }
}

/// A set of scopes. Written as their names, separated by single blanks (RFC 6749, section 3.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u16);

impl Scopes {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self::of(&Scope::ALL);

    #[must_use]
    pub const fn of(scopes: &[Scope]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < scopes.len() {
            bits |= scopes[at].bit();
            at += 1;
        }
        Self(bits)
    }

    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether every scope of `other` is in this set: nobody gives away more than they have.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{scope}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        if text.is_empty() {
            return Ok(Self::NONE);
        }
        text.split(' ').map(str::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_reads_back_as_it_was_written() {
        for bits in 0..=Scopes::ALL.0 {
            let scopes = Scopes(bits);
            assert_eq!(scopes.to_string().parse(), Ok(scopes));
            assert_eq!(scopes.iter().collect::<Scopes>(), scopes);
        }
        assert_eq!(Scopes::ALL.iter().count(), Scope::ALL.len());
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        for text in [
            " ",
            "runs:read ",
            "runs:read  runs:write",
            "runs",
            "RUNS:READ",
            "runs:read,runs:write",
            "*",
        ] {
            assert_eq!(text.parse::<Scopes>(), Err(UnknownScope), "{text:?}");
        }
    }

    #[test]
    fn a_set_covers_exactly_its_parts() {
        let runs = Scopes::of(&[Scope::RunsRead, Scope::RunsWrite]);
        assert!(runs.covers(Scopes::of(&[Scope::RunsRead])) && runs.covers(runs) && runs.covers(Scopes::NONE));
        assert!(!runs.covers(Scopes::of(&[Scope::RunsRead, Scope::AuditRead])));
        assert_eq!(
            runs.intersection(Scopes::of(&[Scope::RunsRead, Scope::AuditRead]))
                .to_string(),
            "runs:read"
        );
    }
}
