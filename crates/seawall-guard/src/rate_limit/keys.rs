use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;

use http::{Extensions, HeaderMap, Method, Request, Uri};

use super::{KeyHash, KeySeed};
use crate::authenticate::{Identity, Principal};
use crate::client_address::ClientAddress;

/// A request of which nothing was found out.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;

/// A request that came through an [`AuthenticateLayer`](crate::authenticate::AuthenticateLayer) which knows principals of that
/// type.
pub struct Identified<P>(PhantomData<fn() -> P>);

/// A request, as keys see it. `W` is what was found out of its sender: [`Anyone`] or [`Identified`].
pub struct Asked<'a, W> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub extensions: &'a Extensions,
    sender: PhantomData<fn() -> W>,
}

impl<'a, W> Asked<'a, W> {
    pub(super) fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
            sender: PhantomData,
        }
    }

    /// None: no [`ClientAddressLayer`](crate::client_address::ClientAddressLayer) stands before, or no peer is known.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.extensions.get().map(|&ClientAddress(address)| address)
    }
}

impl<P: Principal> Asked<'_, Identified<P>> {
    /// None: the request presents nothing, or nothing that is accepted.
    #[must_use]
    pub fn principal(&self) -> Option<&P> {
        match self.extensions.get() {
            Some(Identity::Known(principal)) => Some(principal),
            Some(Identity::Anonymous | Identity::Refused(_)) | None => None,
        }
    }
}

impl<W> fmt::Debug for Asked<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Asked");
        shown.field("method", self.method).field("path", &self.uri.path());
        shown.finish_non_exhaustive()
    }
}

/// Under what a policy counts a request.
pub trait KeyBy<W>: Send + Sync {
    /// None: the policy does not apply to this request.
    fn key(&self, request: &Asked<'_, W>, seed: &KeySeed) -> Option<KeyHash>;
}

/// Kinds of keys, which are never the same.
mod kind {
    pub(super) const EVERYBODY: u64 = 0;
    pub(super) const NOWHERE: u64 = 1;
    pub(super) const V4: u64 = 2;
    pub(super) const V6: u64 = 3;
    pub(super) const PRINCIPAL: u64 = 4;
    pub(super) const API_KEY: u64 = 5;
    pub(super) const TENANT: u64 = 6;
}

/// By the client's address; of IPv6 the first 64 bits, which is what one subscriber has at least. Requests whose client is not known
/// are one key: leaving out an address is no way round.
#[derive(Clone, Copy, Debug)]
pub struct ByAddress;

/// By the client's address as [`ByAddress`], requests without accepted credentials only.
#[derive(Clone, Copy, Debug)]
pub struct ByAnonymousAddress;

/// By the id of who asks. It does not apply to requests without accepted credentials: for them there is
/// [`ByAnonymousAddress`].
#[derive(Clone, Copy, Debug)]
pub struct ByPrincipal;

/// By the API key of who asks, where they came with one.
#[derive(Clone, Copy, Debug)]
pub struct ByApiKey;

/// By the tenant of who asks, where they have one.
#[derive(Clone, Copy, Debug)]
pub struct ByTenant;

/// All requests are one key.
#[derive(Clone, Copy, Debug)]
pub struct Together;

/// By what a function says, see [`by`].
#[derive(Clone, Copy)]
pub struct ByFunction<F>(F);

/// A principal that may have come with an API key.
pub trait WithApiKey: Principal {
    /// Its id, not its secret.
    fn api_key_id(&self) -> Option<&str>;
}

/// A principal that may belong to a tenant.
pub trait WithTenant: Principal {
    fn tenant_id(&self) -> Option<&str>;
}

/// By what a function says of a request. It hashes with the seed that it is given.
///
/// ```
/// use seawall_guard::rate_limit::{Anyone, Policy, Preset, Rule, by};
///
/// let by_path = by(|request, seed| Some(seed.hash(0, request.uri.path().as_bytes())));
/// let rule: Rule<Anyone> = Rule::new(Policy::preset(Preset::Moderate), by_path);
/// ```
pub fn by<W, F>(function: F) -> ByFunction<F>
where
    F: Fn(&Asked<'_, W>, &KeySeed) -> Option<KeyHash> + Send + Sync + 'static,
{
    ByFunction(function)
}

impl<W> KeyBy<W> for ByAddress {
    fn key(&self, request: &Asked<'_, W>, seed: &KeySeed) -> Option<KeyHash> {
        Some(match request.client().map(|client| client.to_canonical()) {
            Some(IpAddr::V4(address)) => seed.hash(kind::V4, &address.octets()),
            Some(IpAddr::V6(address)) => seed.hash(kind::V6, &address.octets()[..8]),
            None => seed.hash(kind::NOWHERE, &[]),
        })
    }
}

impl<P: Principal> KeyBy<Identified<P>> for ByAnonymousAddress {
    fn key(&self, request: &Asked<'_, Identified<P>>, seed: &KeySeed) -> Option<KeyHash> {
        match request.principal() {
            Some(_) => None,
            None => ByAddress.key(request, seed),
        }
    }
}

impl<P: Principal> KeyBy<Identified<P>> for ByPrincipal {
    fn key(&self, request: &Asked<'_, Identified<P>>, seed: &KeySeed) -> Option<KeyHash> {
        let id = request.principal()?.id();
        Some(seed.hash(kind::PRINCIPAL, id.0.as_bytes()))
    }
}

impl<P: WithApiKey> KeyBy<Identified<P>> for ByApiKey {
    fn key(&self, request: &Asked<'_, Identified<P>>, seed: &KeySeed) -> Option<KeyHash> {
        let id = request.principal()?.api_key_id()?;
        Some(seed.hash(kind::API_KEY, id.as_bytes()))
    }
}

impl<P: WithTenant> KeyBy<Identified<P>> for ByTenant {
    fn key(&self, request: &Asked<'_, Identified<P>>, seed: &KeySeed) -> Option<KeyHash> {
        let id = request.principal()?.tenant_id()?;
        Some(seed.hash(kind::TENANT, id.as_bytes()))
    }
}

impl<W> KeyBy<W> for Together {
    fn key(&self, _: &Asked<'_, W>, seed: &KeySeed) -> Option<KeyHash> {
        Some(seed.hash(kind::EVERYBODY, &[]))
    }
}

impl<W, F> KeyBy<W> for ByFunction<F>
where
    F: Fn(&Asked<'_, W>, &KeySeed) -> Option<KeyHash> + Send + Sync + 'static,
{
    fn key(&self, request: &Asked<'_, W>, seed: &KeySeed) -> Option<KeyHash> {
        (self.0)(request, seed)
    }
}

impl<F> fmt::Debug for ByFunction<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByFunction")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_address(address: Option<&str>) -> KeyHash {
        let mut request = Request::new(());
        if let Some(address) = address {
            request.extensions_mut().insert(ClientAddress(address.parse().unwrap()));
        }
        let seed = KeySeed::shared([1; 16]);
        ByAddress.key(&Asked::<Anyone>::of(&request), &seed).unwrap()
    }

    #[test]
    fn addresses_of_one_subscriber_are_one_key() {
        for (one, other, same) in [
            (Some("198.51.100.1"), Some("198.51.100.1"), true),
            (Some("198.51.100.1"), Some("198.51.100.2"), false),
            (Some("198.51.100.1"), Some("::ffff:198.51.100.1"), true),
            (Some("2001:db8:1:2::1"), Some("2001:db8:1:2:ffff:ffff:ffff:ffff"), true),
            (Some("2001:db8:1:2::1"), Some("2001:db8:1:3::1"), false),
            (Some("0.0.0.0"), Some("::"), false),
            (None, None, true),
            (None, Some("::"), false),
        ] {
            assert_eq!(of_address(one) == of_address(other), same, "{one:?} {other:?}");
        }
    }
}
