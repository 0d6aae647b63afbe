use seawall_guard::problem::Problem;
use seawall_store::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::faults::Faults;
use super::hidden::Hidden;
use super::user::User;
use crate::identity::accounts::TokenPair as MadePair;
use crate::identity::password::Password;
use crate::identity::{Email, Principal, PrincipalKind};

/// A login with a password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    #[schema(value_type = String, example = "ada@example.org")]
    email: Hidden,
    #[schema(value_type = String, example = "correct horse battery")]
    password: Hidden,
}

impl Login {
    /// # Errors
    /// Everything that is wrong with its form.
    pub(crate) fn read(self) -> Result<(Email, Password), Problem> {
        let mut faults = Faults::default();
        let email = faults.of("email", "invalid-email", self.email.expose().parse::<Email>());
        let password = faults.of(
            "password",
            "invalid-password",
            Password::attempt(self.password.into_secret()),
        );
        match (email, password) {
            (Some(email), Some(password)) => Ok((email, password)),
            _ => Err(faults.problem()),
        }
    }
}

/// Going on with a login.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// Of the answer before. It counts once.
    #[schema(value_type = String, example = "swr_…")]
    pub(crate) refresh_token: Hidden,
}

/// What a login is gone on with.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenPair {
    access_token: String,
    /// For `POST /api/v1/auth/refresh`; each counts once.
    #[schema(example = "swr_…")]
    refresh_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token is over.
    #[schema(example = 900)]
    expires_in: u64,
}

impl TokenPair {
    pub(crate) fn of(pair: &MadePair, now: Timestamp) -> Self {
        Self {
            access_token: pair.access.text.expose_secret().to_owned(),
            refresh_token: pair.refresh.reveal().expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: pair.access.expires_at.since(now).as_secs(),
        }
    }
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// `usr_…`, `key_…`, `service:NAME` or `oidc:SUBJECT`.
    subject: String,
    /// user, key, service or oidc.
    kind: &'static str,
    tenant: String,
    scopes: Vec<&'static str>,
    /// The user, where a user asks.
    user: Option<User>,
}

impl Me {
    pub(crate) fn of(principal: &Principal, user: Option<User>) -> Self {
        Self {
            subject: principal.subject.to_string(),
            kind: kind(principal.kind),
            tenant: principal.tenant.to_string(),
            scopes: principal.scopes.iter().map(crate::identity::Scope::as_str).collect(),
            user,
        }
    }
}

const fn kind(kind: PrincipalKind) -> &'static str {
    kind.as_str()
}
