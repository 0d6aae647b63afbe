//! An issuer's keys (RFC 7517). One that is not understood, not strong or not meant for signatures is passed over: a set may
//! hold others for other purposes.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::identity::jws::name_of;

/// The most keys that a set may have.
const MAX_KEYS: usize = 64;

/// How long an RSA modulus is, in bits. A longer one would make each check a burden.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// The longest public exponent, in bytes. Usual is 65537, of three.
const MAX_EXPONENT_BYTES: usize = 8;

/// The length of a coordinate on P-256, and of a key of Ed25519.
const POINT_BYTES: usize = 32;

/// A key and the one algorithm it is for.
#[derive(Debug)]
pub(super) struct VerifyingKey {
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The keys of an issuer that can be used.
#[derive(Debug)]
pub(super) struct KeySet(Vec<VerifyingKey>);

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// None where the document is no key set, or one of absurdly many keys.
    pub(super) fn parse(document: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(document).ok()?;
        if document.keys.len() > MAX_KEYS {
            return None;
        }
        let keys = document.keys.into_iter();
        let keys = keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        Some(Self(keys.filter_map(usable).collect()))
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// The key of that name for that algorithm. A token may leave the name out where there is one key alone (OpenID Connect
    /// Core 1.0, section 10.1).
    pub(super) fn find(&self, kid: Option<&str>, alg: &str) -> Option<&VerifyingKey> {
        let is_for = |key: &&VerifyingKey| name_of(key.algorithm) == alg;
        match (kid, &*self.0) {
            (Some(kid), keys) => keys.iter().filter(is_for).find(|key| key.kid.as_deref() == Some(kid)),
            (None, [only]) => Some(only).filter(is_for),
            (None, _) => None,
        }
    }

    /// Whether there is a key of that name, for whatever algorithm: a token that names it with another one is wrong, and
    /// fetching the set anew would not mend it.
    pub(super) fn knows(&self, kid: Option<&str>) -> bool {
        match kid {
            Some(_) => self.0.iter().any(|key| key.kid.as_deref() == kid),
            None => true,
        }
    }
}

fn usable(jwk: Jwk) -> Option<VerifyingKey> {
    let is_for_signatures = jwk.usage.as_deref().is_none_or(|usage| usage == "sig");
    let may_verify = jwk
        .key_ops
        .as_ref()
        .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
    if !is_for_signatures || !may_verify {
        return None;
    }
    let (algorithm, key) = match (&*jwk.kty, jwk.crv.as_deref()) {
        ("RSA", _) => (Algorithm::RS256, rsa(&jwk)?),
        ("EC", Some("P-256")) => (Algorithm::ES256, p256(&jwk)?),
        ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, ed25519(&jwk)?),
        _ => return None,
    };
    // `Ed25519` is the name of RFC 9864 for what was called `EdDSA`.
    let names_it = |alg: &str| alg == name_of(algorithm) || (alg == "Ed25519" && algorithm == Algorithm::EdDSA);
    jwk.alg.as_deref().is_none_or(names_it).then_some(VerifyingKey {
        kid: jwk.kid,
        algorithm,
        key,
    })
}

fn rsa(jwk: &Jwk) -> Option<DecodingKey> {
    let (n, e) = (number(jwk.n.as_ref()?)?, number(jwk.e.as_ref()?)?);
    let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    // 1 as an exponent would make every text its own signature.
    let is_sound = RSA_BITS.contains(&bits) && is_odd(&n) && is_odd(&e) && e.len() <= MAX_EXPONENT_BYTES && e != [1];
    is_sound.then(|| DecodingKey::from_rsa_raw_components(&n, &e))
}

fn p256(jwk: &Jwk) -> Option<DecodingKey> {
    // An uncompressed point. Whether it is on the curve is checked with each signature.
    let mut point = vec![4];
    point.extend(coordinate(jwk.x.as_ref()?)?);
    point.extend(coordinate(jwk.y.as_ref()?)?);
    Some(DecodingKey::from_ec_der(&point))
}

fn ed25519(jwk: &Jwk) -> Option<DecodingKey> {
    Some(DecodingKey::from_ed_der(&coordinate(jwk.x.as_ref()?)?))
}

fn coordinate(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    (bytes.len() == POINT_BYTES).then_some(bytes)
}

/// An unsigned number, without the zeros that some write before it.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes[zeros..].to_vec()).filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn modulus(bits: usize) -> String {
        let mut bytes = vec![0xff; bits / 8];
        bytes[0] = 0x80;
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn rsa_key(extra: &Value) -> Value {
        let mut key = json!({"kty": "RSA", "kid": "a", "n": modulus(2_048), "e": "AQAB"});
        for (name, value) in extra.as_object().unwrap() {
            key[name] = value.clone();
        }
        key
    }

    fn set(keys: &[Value]) -> KeySet {
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn keys_that_are_weak_or_for_something_else_are_passed_over() {
        let coordinate = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let short = BASE64_URL_SAFE_NO_PAD.encode([7; 31]);
        let ec = |crv: &str, x: &str| json!({"kty": "EC", "kid": "a", "crv": crv, "x": x, "y": coordinate});
        let cases = [
            (rsa_key(&json!({})), Some(Algorithm::RS256)),
            (
                rsa_key(&json!({"alg": "RS256", "use": "sig", "key_ops": ["verify"]})),
                Some(Algorithm::RS256),
            ),
            (
                rsa_key(&json!({"n": format!("AAAA{}", modulus(2_048))})),
                Some(Algorithm::RS256),
            ),
            (
                rsa_key(&json!({"n": format!("{}{}", "AAAA".repeat(43), modulus(1_024))})),
                None,
            ),
            (rsa_key(&json!({"n": modulus(4_096)})), Some(Algorithm::RS256)),
            (rsa_key(&json!({"n": modulus(2_040)})), None),
            (rsa_key(&json!({"n": modulus(1_024)})), None),
            (rsa_key(&json!({"n": modulus(16_384)})), None),
            (rsa_key(&json!({"e": "AQ"})), None),
            (rsa_key(&json!({"e": "AA"})), None),
            (rsa_key(&json!({"e": "AQAA"})), None),
            (rsa_key(&json!({"e": "__________________8"})), None),
            (rsa_key(&json!({"alg": "RS512"})), None),
            (rsa_key(&json!({"alg": "PS256"})), None),
            (rsa_key(&json!({"alg": "HS256"})), None),
            (rsa_key(&json!({"use": "enc"})), None),
            (rsa_key(&json!({"key_ops": ["encrypt"]})), None),
            (rsa_key(&json!({"key_ops": []})), None),
            (rsa_key(&json!({"n": null})), None),
            (rsa_key(&json!({"kty": 7})), None),
            (ec("P-256", &coordinate), Some(Algorithm::ES256)),
            (ec("P-384", &coordinate), None),
            (ec("secp256k1", &coordinate), None),
            (ec("P-256", &short), None),
            (
                json!({"kty": "OKP", "kid": "a", "crv": "Ed25519", "x": coordinate}),
                Some(Algorithm::EdDSA),
            ),
            (
                json!({"kty": "OKP", "kid": "a", "crv": "Ed25519", "x": coordinate, "alg": "Ed25519"}),
                Some(Algorithm::EdDSA),
            ),
            (
                json!({"kty": "OKP", "kid": "a", "crv": "X25519", "x": coordinate}),
                None,
            ),
            (json!({"kty": "oct", "kid": "a", "k": coordinate}), None),
            (json!("a key"), None),
        ];
        for (key, algorithm) in cases {
            let set = set(std::slice::from_ref(&key));
            let found = ["RS256", "ES256", "EdDSA", "HS256"]
                .into_iter()
                .filter_map(|alg| set.find(Some("a"), alg));
            let found: Vec<_> = found.map(|key| key.algorithm).collect();
            assert_eq!(found, algorithm.into_iter().collect::<Vec<_>>(), "{key}");
        }
    }

    #[test]
    fn a_key_is_found_by_its_name_or_where_it_is_the_only_one() {
        let one = set(&[rsa_key(&json!({}))]);
        assert!(one.find(None, "RS256").is_some());
        assert!(one.find(None, "ES256").is_none());
        assert!(one.find(Some("b"), "RS256").is_none());
        assert!(one.knows(None) && one.knows(Some("a")) && !one.knows(Some("b")));
        let nameless = set(&[rsa_key(&json!({"kid": null}))]);
        assert!(nameless.find(None, "RS256").is_some());
        assert!(nameless.find(Some("a"), "RS256").is_none());
        let two = set(&[rsa_key(&json!({})), rsa_key(&json!({"kid": "b"}))]);
        assert!(two.find(None, "RS256").is_none());
        assert!(two.find(Some("b"), "RS256").is_some());
    }

    #[test]
    fn what_is_no_set_or_too_large_a_one_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys": {}}"#, r#"{"keys": "#] {
            assert!(KeySet::parse(text.as_bytes()).is_none(), "{text}");
        }
        let many = vec![rsa_key(&json!({})); MAX_KEYS + 1];
        assert!(KeySet::parse(json!({"keys": many}).to_string().as_bytes()).is_none());
        assert_eq!(set(&many[1..]).len(), MAX_KEYS);
    }
}
