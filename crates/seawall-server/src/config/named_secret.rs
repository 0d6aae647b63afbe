//! One secret under its name, or in the file that `NAME_FILE` names.

use secrecy::SecretString;

use super::reader::Reader;
use super::secrets::read_file;

/// What was found of a secret.
pub(super) struct NamedSecret {
    secret: Option<SecretString>,
    /// The variable that gave it, or should have.
    variable: String,
    /// None of the two is set.
    absent: bool,
}

impl NamedSecret {
    pub(super) const fn is_absent(&self) -> bool {
        self.absent
    }

    /// None: it is absent, or was refused already.
    pub(super) fn into_parts(self) -> (Option<SecretString>, String) {
        (self.secret, self.variable)
    }
}

pub(super) fn named_secret(reader: &mut Reader<'_>, name: &str) -> NamedSecret {
    let file = format!("{name}_FILE");
    let (secret, variable, absent) = match (reader.text(name), reader.text(&file)) {
        (Some(_), Some(_)) => {
            reader.refuse(name, format!("{name} and {file} are both set"));
            (None, name.to_owned(), false)
        }
        (Some(text), None) => (Some(SecretString::from(text)), name.to_owned(), false),
        (None, Some(path)) => match read_file(path.as_ref()) {
            Ok(secret) => (Some(secret), file, false),
            Err(error) => {
                reader.refuse(&file, format!("{path} cannot be read: {error}"));
                (None, file, false)
            }
        },
        (None, None) => (None, name.to_owned(), true),
    };
    NamedSecret {
        secret,
        variable,
        absent,
    }
}
