//! Passwords: what one may be, and how it is kept (argon2id) without holding up the server or filling its memory.

mod hasher;
mod policy;
mod work;

pub use hasher::{Checked, HashError, HashLimits, PasswordHasher};
pub use policy::{PASSWORD_CHARACTERS, Password, PasswordError};
pub use work::{BadWork, HashWork, PasswordHash};
