use seawall_store::RequestId;
use serde_json::json;

use super::trail::Deed;
use super::{AccountError, Accounts};
use crate::identity::token::AccessToken;
use crate::identity::{ApiKey, KeyRefusal, Scopes, StoredKey, api_key};

/// A token that a key was exchanged for.
pub(crate) struct Exchanged {
    pub(crate) token: AccessToken,
    pub(crate) scopes: Scopes,
}

/// Why a key was not exchanged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    #[error("the key does not have all of the scopes")]
    Scope,
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl Accounts {
    /// An access token for a key: with all of its scopes or those that are `wanted`, and no longer than the key lasts.
    ///
    /// # Errors
    /// See [`ExchangeError`].
    pub(crate) async fn exchange(
        &self,
        presented: &ApiKey,
        wanted: Option<Scopes>,
        request: Option<RequestId>,
    ) -> Result<Exchanged, ExchangeError> {
        let found = match presented.id().to_store() {
            Some(id) => self
                .store
                .key_for_authentication(id)
                .await
                .map_err(AccountError::from)?,
            None => None,
        };
        let now = self.clock.now();
        let stored = found.map(StoredKey::from);
        let subject = presented.id().to_type_id();
        let mut principal = match api_key::check(presented, stored.as_ref(), now) {
            Ok(principal) => principal,
            Err(refusal) => {
                // Whoever has the secret of a key that counts no more is worth a record; whoever has none is not, and could
                // fill the trail.
                if let Some(stored) = stored.filter(|_| refusal != KeyRefusal::Unknown) {
                    let deed = Deed::denied("token.issued", &subject).with(json!({"reason": refusal.to_string()}));
                    let audit = self.trail.new_audit(&subject, request, deed);
                    self.append(&stored.principal.tenant, audit).await;
                }
                return Err(refusal.into());
            }
        };
        if let Some(wanted) = wanted {
            if !principal.scopes.covers(wanted) {
                return Err(ExchangeError::Scope);
            }
            principal.scopes = wanted;
        }
        let until = stored.and_then(|stored| stored.expires_at);
        let token = self.tokens.issue_until(&principal, now, until);
        let token = token.map_err(AccountError::from)?;
        let deed = Deed::done("token.issued", &subject).with(json!({"scopes": principal.scopes.to_string()}));
        let audit = self.trail.new_audit(&subject, request, deed);
        self.append(&principal.tenant, audit).await;
        Ok(Exchanged {
            token,
            scopes: principal.scopes,
        })
    }
}
