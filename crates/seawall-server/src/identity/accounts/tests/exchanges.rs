use std::time::Duration;

use seawall_store::KeyName;
use secrecy::ExposeSecret as _;

use super::world::{actor, world};
use crate::identity::accounts::{ExchangeError, KeyRequest};
use crate::identity::token::ACCESS_LIFETIME;
use crate::identity::{AccessTokens, ApiKey, KeyId, KeyRefusal, MasterKey, Scope, Scopes};

#[tokio::test]
async fn a_key_s_token_has_what_was_asked_for_and_lasts_no_longer_than_the_key() {
    let world = world();
    let scopes = Scopes::of(&[Scope::RunsRead, Scope::RunsWrite]);
    let wanted = |lives| KeyRequest {
        name: KeyName::parse("k").unwrap(),
        scopes,
        expires_in: lives,
    };
    let (admin, accounts) = (actor(Scopes::ALL), &world.accounts);
    let now = accounts.now();
    let long = accounts.create_key(&admin, wanted(None), None).await.unwrap();
    let short = accounts
        .create_key(&admin, wanted(Some(Duration::from_secs(60))), None)
        .await
        .unwrap();
    let tokens = AccessTokens::new(&MasterKey::of_development());
    for (made, asked, given, lives) in [
        (&long, None, scopes, ACCESS_LIFETIME),
        (
            &long,
            Some(Scopes::of(&[Scope::RunsRead])),
            Scopes::of(&[Scope::RunsRead]),
            ACCESS_LIFETIME,
        ),
        (&short, None, scopes, Duration::from_secs(60)),
    ] {
        let got = accounts.exchange(&made.key, asked, None).await.unwrap();
        assert_eq!(got.scopes, given);
        let verified = tokens.verify(got.token.text.expose_secret(), now).unwrap();
        assert_eq!(
            (&*verified.principal.subject, verified.principal.scopes),
            (&*made.record.id.to_string(), given)
        );
        assert_eq!(verified.expires_at.since(now), lives);
    }
    let more = accounts
        .exchange(&long.key, Some(Scopes::of(&[Scope::AuditRead])), None)
        .await;
    assert!(matches!(more.err(), Some(ExchangeError::Scope)));

    world.clock.advance(Duration::from_secs(60));
    let expired = accounts.exchange(&short.key, None, None).await;
    assert!(matches!(expired.err(), Some(ExchangeError::Key(KeyRefusal::Expired))));
    accounts.revoke_key(&admin, long.record.id).await.unwrap();
    let revoked = accounts.exchange(&long.key, None, None).await;
    assert!(matches!(revoked.err(), Some(ExchangeError::Key(KeyRefusal::Revoked))));
    let records = world.trail().await.len();
    let id = KeyId::of_type_id(&long.record.id.to_string()).unwrap();
    let forged = accounts.exchange(&ApiKey::generate(id), None, None).await;
    assert!(matches!(forged.err(), Some(ExchangeError::Key(KeyRefusal::Unknown))));
    assert_eq!(world.trail().await.len(), records, "who has no secret writes nothing");
    let denied = world
        .trail()
        .await
        .into_iter()
        .filter(|(action, outcome, ..)| action == "token.issued" && *outcome == "denied");
    assert_eq!(denied.count(), 2);
}
