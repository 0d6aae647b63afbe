use std::sync::Arc;
use std::time::Duration;

use seawall_engine::Clock;
use seawall_store::{
    AuditFilter, AuditRecord, AuditStore as _, IdentityStore, KeyName, ManualClock, MemoryStore, Page, StoreClock as _,
    TenantId, Timestamp, UserRecord,
};
use secrecy::SecretString;

use crate::identity::accounts::{
    AccountError, Accounts, AccountsParts, Actor, KeyRequest, MadeKey, TokenPair, UserRequest,
};
use crate::identity::password::{HashLimits, HashWork, Password, PasswordHasher};
use crate::identity::{AccessTokens, Authenticator, AuthenticatorParts, MasterKey, Principal, Role, Scopes};

pub(super) const PASSWORD: &str = "correct horse battery";

const CHEAP: HashWork = HashWork {
    memory_kib: 16,
    passes: 1,
    lanes: 1,
};

struct Standing(ManualClock);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn boot(&self) -> Duration {
        Duration::ZERO
    }
}

pub(super) struct World {
    pub(super) accounts: Accounts,
    pub(super) store: Arc<MemoryStore>,
    pub(super) clock: ManualClock,
}

pub(super) fn world() -> World {
    world_of(&MasterKey::of_development())
}

pub(super) fn world_of(master: &MasterKey) -> World {
    let clock = ManualClock::default();
    let store = Arc::new(MemoryStore::new(Arc::new(clock.clone())));
    let passwords = PasswordHasher::new(CHEAP, HashLimits::default()).unwrap();
    let identity: Arc<dyn IdentityStore> = Arc::<MemoryStore>::clone(&store);
    let time: Arc<dyn Clock> = Arc::new(Standing(clock.clone()));
    let authenticator = Authenticator::new(AuthenticatorParts {
        store: Arc::clone(&identity),
        clock: Arc::clone(&time),
        tokens: AccessTokens::new(master),
        bootstrap: None,
        oidc: None,
    });
    World {
        accounts: Accounts::new(AccountsParts {
            store: identity,
            clock: time,
            master,
            passwords,
            authenticator,
        }),
        store,
        clock,
    }
}

pub(super) fn actor(scopes: Scopes) -> Actor {
    Actor {
        principal: Principal::service(TenantId::default(), "test", scopes),
        request: None,
    }
}

pub(super) fn password(text: &str) -> Password {
    Password::attempt(SecretString::from(text)).unwrap()
}

impl World {
    pub(super) async fn user(&self, email: &str, role: Role) -> UserRecord {
        let wanted = UserRequest {
            email: email.parse().unwrap(),
            password: password(PASSWORD),
            role,
        };
        self.accounts
            .create_user(&actor(Scopes::ALL), wanted, None)
            .await
            .unwrap()
    }

    pub(super) async fn login(&self, email: &str, text: &str) -> Result<TokenPair, AccountError> {
        self.accounts.login(&email.parse().unwrap(), password(text), None).await
    }

    pub(super) async fn key(&self, by: &Actor, scopes: Scopes) -> Result<MadeKey, AccountError> {
        let wanted = KeyRequest {
            name: KeyName::parse("a key").unwrap(),
            scopes,
            expires_in: None,
        };
        self.accounts.create_key(by, wanted, None).await
    }

    /// Action, outcome, actor and details of every record, newest first.
    pub(super) async fn trail(&self) -> Vec<(String, &'static str, String, String)> {
        let page = Page::first(Page::MAX);
        let tenant = TenantId::default();
        let found = self.store.list_audit(&tenant, AuditFilter::default(), page);
        let tell = |record: AuditRecord| {
            let entry = record.body.entry;
            (
                entry.action.as_str().to_owned(),
                entry.outcome.as_str(),
                entry.actor.as_str().to_owned(),
                entry.details.as_str().to_owned(),
            )
        };
        found.await.unwrap().items.into_iter().map(tell).collect()
    }
}
