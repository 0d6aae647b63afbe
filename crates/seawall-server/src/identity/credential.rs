use super::api_key::ApiKey;

/// What a credential looks like. The guard reads it from the request's headers; nothing is known yet of whether it holds.
#[derive(Debug)]
pub enum CredentialForm {
    ApiKey(ApiKey),
    /// Three parts with dots between them: an access token of ours or an issuer's.
    Token,
    /// Nothing that is made here. The bootstrap key may look like anything, so it is held against every form.
    Other,
}

impl CredentialForm {
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text.parse() {
            Ok(key) => Self::ApiKey(key),
            Err(_) if text.bytes().filter(|byte| *byte == b'.').count() == 2 => Self::Token,
            Err(_) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::identity::KeyId;

    #[test]
    fn a_credential_is_told_by_its_form() {
        let id = KeyId::of_type_id("key_01h455vb4pex5vsknk084sn02q").unwrap();
        let key = ApiKey::generate(id).reveal().expose_secret().to_owned();
        let form = |text: &str| match CredentialForm::of(text) {
            CredentialForm::ApiKey(_) => "key",
            CredentialForm::Token => "token",
            CredentialForm::Other => "other",
        };
        assert_eq!(form(&key), "key");
        assert_eq!(form("a.b.c"), "token");
        for other in ["some-admin-key", &key[..key.len() - 1], "a.b", "a.b.c.d", ""] {
            assert_eq!(form(other), "other", "{other}");
        }
        assert!(!format!("{:?}", CredentialForm::of(&key)).contains(&key[30..]));
    }
}
