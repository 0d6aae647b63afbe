use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc::{self, Output, Salt};
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use super::Password;

/// The most that a stored hash may ask for: memory in KiB, passes, lanes. Whoever can write rows shall not fill the memory.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;
const MAX_LANES: u32 = 4;

/// The longest stored hash, in bytes.
const MAX_HASH_BYTES: usize = 256;

/// How much work a hash is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HashWork {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl HashWork {
    /// 19 MiB, two passes, one lane: what OWASP's Password Storage Cheat Sheet gives for argon2id as its least. About 20 ms of
    /// one core.
    pub const OWASP: Self = Self {
        memory_kib: 19 * 1024,
        passes: 2,
        lanes: 1,
    };
}

/// The work is more or less than argon2 or this server does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the work of a password hash is out of bounds")]
pub struct BadWork;

/// What is kept of a password: a PHC string (`$argon2id$v=19$m=…`), with its own salt and its own work.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(phc::PasswordHash);

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl FromStr for PasswordHash {
    type Err = BadWork;

    /// Only argon2id with work within bounds, a salt and a hash.
    fn from_str(text: &str) -> Result<Self, BadWork> {
        if text.len() > MAX_HASH_BYTES {
            return Err(BadWork);
        }
        let hash = phc::PasswordHash::new(text).map_err(|_| BadWork)?;
        let is_whole = hash.salt.is_some() && hash.hash.is_some();
        let is_ours = hash.algorithm == Algorithm::Argon2id.ident() && hash.version == Some(Version::V0x13.into());
        let work = work_of(&hash).ok_or(BadWork)?;
        if !is_whole || !is_ours || !is_bounded(work) {
            return Err(BadWork);
        }
        Ok(Self(hash))
    }
}

/// Makes and checks hashes, on the thread that asks.
pub(super) struct Hashing {
    argon2: Argon2<'static>,
    work: HashWork,
    /// What a password is held against where there is no user: never equal, as much work.
    nobody: PasswordHash,
}

impl Hashing {
    pub(super) fn new(work: HashWork) -> Result<Self, BadWork> {
        if !is_bounded(work) {
            return Err(BadWork);
        }
        let params = Params::new(
            work.memory_kib,
            work.passes,
            work.lanes,
            Some(Params::DEFAULT_OUTPUT_LEN),
        );
        let params = params.map_err(|_| BadWork)?;
        let nobody = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: phc::ParamsString::try_from(&params).map_err(|_| BadWork)?,
            salt: Some(Salt::new(&[0; 16]).map_err(|_| BadWork)?),
            hash: Some(Output::new(&[0; Params::DEFAULT_OUTPUT_LEN]).map_err(|_| BadWork)?),
        };
        Ok(Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            work,
            nobody: PasswordHash(nobody),
        })
    }

    pub(super) fn hash(&self, password: &Password) -> Result<PasswordHash, password_hash::Error> {
        self.argon2.hash_password(password.bytes()).map(PasswordHash)
    }

    /// Whether the password is that of `stored`. Without one, the answer is no, after the same work.
    pub(super) fn matches(
        &self,
        password: &Password,
        stored: Option<&PasswordHash>,
    ) -> Result<bool, password_hash::Error> {
        let hash = stored.unwrap_or(&self.nobody);
        match self.argon2.verify_password(password.bytes(), &hash.0) {
            Ok(()) => Ok(stored.is_some()),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether `stored` was made with other work than is done now.
    pub(super) fn is_outdated(&self, stored: &PasswordHash) -> bool {
        work_of(&stored.0) != Some(self.work)
    }
}

fn work_of(hash: &phc::PasswordHash) -> Option<HashWork> {
    let params = Params::try_from(hash).ok()?;
    Some(HashWork {
        memory_kib: params.m_cost(),
        passes: params.t_cost(),
        lanes: params.p_cost(),
    })
}

const fn is_bounded(work: HashWork) -> bool {
    work.memory_kib <= MAX_MEMORY_KIB && work.passes <= MAX_PASSES && work.lanes <= MAX_LANES
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    const CHEAP: HashWork = HashWork {
        memory_kib: 16,
        passes: 1,
        lanes: 1,
    };

    fn password(text: &str) -> Password {
        Password::attempt(SecretString::from(text)).unwrap()
    }

    #[test]
    fn a_hash_is_kept_as_text_and_opens_for_its_password_only() {
        let hashing = Hashing::new(CHEAP).unwrap();
        let hash = hashing.hash(&password("correct horse")).unwrap();
        let kept: PasswordHash = hash.to_string().parse().unwrap();
        assert_eq!(kept, hash);
        assert!(hash.to_string().starts_with("$argon2id$v=19$m=16,t=1,p=1$"));
        assert!(hashing.matches(&password("correct horse"), Some(&kept)).unwrap());
        for wrong in ["", "correct horse ", "Correct horse"] {
            assert!(!hashing.matches(&password(wrong), Some(&kept)).unwrap(), "{wrong:?}");
        }
        let again = hashing.hash(&password("correct horse")).unwrap();
        assert_ne!(again.to_string(), hash.to_string(), "each has its own salt");
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }

    #[test]
    fn the_hash_of_nobody_asks_for_the_work_of_today_and_never_matches() {
        for work in [CHEAP, HashWork::OWASP] {
            let hashing = Hashing::new(work).unwrap();
            assert_eq!(work_of(&hashing.nobody.0), Some(work));
            assert!(hashing.nobody.to_string().parse::<PasswordHash>().is_ok());
            assert!(!hashing.matches(&password("anything"), None).unwrap());
        }
    }

    #[test]
    fn a_hash_of_other_work_is_outdated_and_still_opens() {
        let more = HashWork { passes: 2, ..CHEAP };
        let old = Hashing::new(CHEAP).unwrap().hash(&password("correct horse")).unwrap();
        let now = Hashing::new(more).unwrap();
        assert!(now.matches(&password("correct horse"), Some(&old)).unwrap());
        assert!(now.is_outdated(&old));
        assert!(!now.is_outdated(&now.hash(&password("x")).unwrap()));
    }

    #[test]
    fn a_kept_hash_cannot_ask_for_more_work_than_the_server_does() {
        let with = |params: &str| {
            format!("$argon2id$v=19${params}$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        };
        assert!(with("m=16,t=1,p=1").parse::<PasswordHash>().is_ok());
        let wrong = [
            with("m=4194304,t=1,p=1"),
            with("m=16,t=1000,p=1"),
            with("m=64,t=1,p=8"),
            with("m=16,t=0,p=1"),
            with("m=16,t=1,p=1").replace("argon2id", "argon2d"),
            with("m=16,t=1,p=1").replace("v=19", "v=16"),
            "$argon2id$v=19$m=16,t=1,p=1".to_owned(),
            "correct horse".to_owned(),
            String::new(),
            format!("{}{}", with("m=16,t=1,p=1"), "A".repeat(100_000)),
        ];
        for text in wrong {
            assert_eq!(text.parse::<PasswordHash>().err(), Some(BadWork), "{text}");
        }
        let endless = HashWork {
            memory_kib: u32::MAX,
            ..CHEAP
        };
        assert!(Hashing::new(endless).is_err());
    }
}
