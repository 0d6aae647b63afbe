use seawall_engine::parse_duration;
use seawall_guard::problem::{Pointer, Problem};
use seawall_store::{KeyName, KeyRecord};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use super::faults::Faults;
use crate::identity::accounts::{KeyRequest, MadeKey, scopes_of};
use crate::identity::{Scope, Scopes};

/// An API key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "nightly reports", "scopes": ["workflows:read", "runs:write"], "expires_in": "90d"}))]
pub(crate) struct CreateApiKey {
    /// What people call it: 1 to 100 bytes on one line.
    name: String,
    /// What it may do; nothing that its maker may not.
    scopes: Vec<String>,
    /// A duration such as `90d`. Left out: until it is revoked.
    expires_in: Option<String>,
}

impl CreateApiKey {
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn read(self) -> Result<KeyRequest, Problem> {
        let mut faults = Faults::default();
        let name = faults.of("name", "invalid-value", KeyName::parse(&self.name));
        let pointer = Pointer::root().key("scopes");
        let mut scopes = Scopes::NONE;
        if self.scopes.is_empty() || self.scopes.len() > Scope::ALL.len() {
            let message = format!("expected 1 to {} scopes", Scope::ALL.len());
            faults.at::<(), _>(&pointer, "invalid-length", Err(message));
        } else {
            for (index, text) in self.scopes.iter().enumerate() {
                let scope = faults.at(&pointer.clone().index(index), "unknown-value", text.parse::<Scope>());
                scopes = scopes.union(scope.into_iter().collect());
            }
        }
        let expires_in = self.expires_in.map(|text| {
            let lives = parse_duration(&text).map_err(|error| error.to_string());
            let lives = lives.and_then(|lives| {
                let is_over = lives.is_zero();
                if is_over {
                    Err("expected more than nothing".to_owned())
                } else {
                    Ok(lives)
                }
            });
            faults.of("expires_in", "invalid-duration", lives)
        });
        match name {
            Some(name) if faults.is_empty() => Ok(KeyRequest {
                name,
                scopes,
                expires_in: expires_in.flatten(),
            }),
            _ => Err(faults.problem()),
        }
    }
}

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    #[schema(example = "key_01h455vb4pex5vsknk084sn02q")]
    id: String,
    name: String,
    scopes: Vec<&'static str>,
    created_by: String,
    #[schema(value_type = String)]
    created_at: Time,
    #[schema(value_type = Option<String>)]
    expires_at: Option<Time>,
    /// About: uses are written down from time to time.
    #[schema(value_type = Option<String>)]
    last_used_at: Option<Time>,
    #[schema(value_type = Option<String>)]
    revoked_at: Option<Time>,
    revoked_by: Option<String>,
}

impl From<KeyRecord> for ApiKey {
    fn from(record: KeyRecord) -> Self {
        let (revoked_at, revoked_by) = record
            .revoked
            .map(|end| (Time(end.at), end.by.as_str().to_owned()))
            .unzip();
        Self {
            id: record.id.to_string(),
            name: record.name.as_str().to_owned(),
            scopes: scopes_of(&record.scopes).iter().map(Scope::as_str).collect(),
            created_by: record.created_by.as_str().to_owned(),
            created_at: Time(record.created_at),
            expires_at: record.expires_at.map(Time),
            last_used_at: record.last_used_at.map(Time),
            revoked_at,
            revoked_by,
        }
    }
}

/// A key that was made. The secret stands in this one answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewApiKey {
    #[schema(example = "key_01h455vb4pex5vsknk084sn02q")]
    id: String,
    name: String,
    scopes: Vec<&'static str>,
    created_by: String,
    #[schema(value_type = String)]
    created_at: Time,
    #[schema(value_type = Option<String>)]
    expires_at: Option<Time>,
    /// The key itself, for `Authorization: Bearer` or `X-API-Key`. It is not kept.
    #[schema(example = "sw_01h455vb4pex5vsknk084sn02q_…")]
    secret: String,
}

impl From<MadeKey> for NewApiKey {
    fn from(made: MadeKey) -> Self {
        let secret = made.key.reveal().expose_secret().to_owned();
        let key = ApiKey::from(made.record);
        Self {
            id: key.id,
            name: key.name,
            scopes: key.scopes,
            created_by: key.created_by,
            created_at: key.created_at,
            expires_at: key.expires_at,
            secret,
        }
    }
}
