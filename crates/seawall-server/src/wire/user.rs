use seawall_guard::problem::Problem;
use seawall_store::UserRecord;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use super::faults::Faults;
use super::hidden::Hidden;
use crate::identity::accounts::{UserPatch, UserRequest, role_of};
use crate::identity::password::Password;
use crate::identity::{Email, Role};

/// A user to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateUser {
    #[schema(value_type = String, example = "ada@example.org")]
    email: Hidden,
    /// 12 to 128 characters, whichever.
    #[schema(value_type = String, example = "correct horse battery")]
    password: Hidden,
    /// viewer, operator or admin.
    #[schema(example = "operator")]
    role: String,
}

impl CreateUser {
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn read(self) -> Result<UserRequest, Problem> {
        let mut faults = Faults::default();
        let email = faults.of("email", "invalid-email", self.email.expose().parse::<Email>());
        let password = faults.of(
            "password",
            "invalid-password",
            Password::new(self.password.into_secret()),
        );
        let role = faults.of("role", "unknown-value", self.role.parse::<Role>());
        match (email, password, role) {
            (Some(email), Some(password), Some(role)) => Ok(UserRequest { email, password, role }),
            _ => Err(faults.problem()),
        }
    }
}

/// What of a user is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateUser {
    /// viewer, operator or admin. Another role ends the user's logins.
    role: Option<String>,
    /// False ends the user's logins, and lets no other begin.
    active: Option<bool>,
    /// Another password ends the user's logins, and a lock.
    #[schema(value_type = Option<String>)]
    password: Option<Hidden>,
}

impl UpdateUser {
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn read(self) -> Result<UserPatch, Problem> {
        let mut faults = Faults::default();
        let role = self
            .role
            .map(|role| faults.of("role", "unknown-value", role.parse::<Role>()));
        let password = self
            .password
            .map(|password| faults.of("password", "invalid-password", Password::new(password.into_secret())));
        faults.none()?;
        Ok(UserPatch {
            role: role.flatten(),
            active: self.active,
            password: password.flatten(),
        })
    }
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    #[schema(example = "usr_01h455vb4pex5vsknk084sn02q")]
    id: String,
    email: String,
    role: &'static str,
    active: bool,
    #[schema(value_type = String)]
    created_at: Time,
    #[schema(value_type = String)]
    updated_at: Time,
    #[schema(value_type = Option<String>)]
    last_login_at: Option<Time>,
    /// Until when no password is taken, after too many wrong ones.
    #[schema(value_type = Option<String>)]
    locked_until: Option<Time>,
}

impl From<UserRecord> for User {
    fn from(record: UserRecord) -> Self {
        Self {
            id: record.id.to_string(),
            email: record.email.as_str().to_owned(),
            role: role_of(record.role).as_str(),
            active: record.active,
            created_at: Time(record.created_at),
            updated_at: Time(record.updated_at),
            last_login_at: record.last_login_at.map(Time),
            locked_until: record.locked_until.map(Time),
        }
    }
}
