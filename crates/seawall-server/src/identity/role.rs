use std::fmt;
use std::str::FromStr;

use super::{Scope, Scopes};

/// What a user is to a tenant. Each role has all scopes of the one before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Reads workflows, runs and figures; changes nothing.
    Viewer,
    /// Starts and steers runs, signals, decides approvals, chats, works on tasks.
    Operator,
    /// Everything: definitions, keys, users, the audit trail.
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    #[must_use]
    pub const fn scopes(self) -> Scopes {
        const VIEWER: Scopes = Scopes::of(&[Scope::WorkflowsRead, Scope::RunsRead, Scope::MetricsRead]);
        const OPERATOR: Scopes = VIEWER.union(Scopes::of(&[
            Scope::RunsWrite,
            Scope::ApprovalsDecide,
            Scope::TasksWork,
            Scope::AgentsChat,
        ]));
        match self {
            Self::Viewer => VIEWER,
            Self::Operator => OPERATOR,
            Self::Admin => Scopes::ALL,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a role is viewer, operator or admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == text);
        known.ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_the_scopes_of_the_one_before_it_and_more() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[1].scopes().covers(pair[0].scopes()));
            assert_ne!(pair[1].scopes(), pair[0].scopes());
        }
        let listed: Vec<_> = Role::ALL
            .iter()
            .map(|role| format!("{role}: {}", role.scopes()))
            .collect();
        insta::assert_snapshot!(listed.join("\n"), @r"
        viewer: workflows:read runs:read metrics:read
        operator: workflows:read runs:read runs:write approvals:decide tasks:work agents:chat metrics:read
        admin: workflows:read workflows:write runs:read runs:write approvals:decide tasks:work agents:chat keys:admin users:admin audit:read metrics:read
        ");
    }

    #[test]
    fn a_role_reads_back_and_nothing_else_is_one() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        for text in ["", "Admin", "admin ", "root"] {
            assert_eq!(text.parse::<Role>(), Err(UnknownRole));
        }
    }
}
