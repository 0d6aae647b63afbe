//! Tickets: `swt_<secret>`. One opens the events of one run for a short time, for a browser's EventSource, which sends no
//! headers: it is the only credential that may stand in a URL.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use super::secret::{Secret, SecretHash};

const PREFIX: &str = "swt_";

/// How long a ticket counts.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(60);

/// A ticket as its holder has it.
pub struct Ticket(Secret);

impl Ticket {
    #[must_use]
    pub fn generate() -> Self {
        Self(Secret::generate())
    }

    /// The text that is answered once.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        self.0.reveal(PREFIX)
    }

    /// What is kept, and what it is found by.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        self.0.hash(&[b"seawall/ticket/v1"])
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("swt_…")
    }
}

/// A text that is no ticket, whoever's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a ticket")]
pub struct NotATicket;

impl FromStr for Ticket {
    type Err = NotATicket;

    fn from_str(text: &str) -> Result<Self, NotATicket> {
        Secret::revealed(text, PREFIX).map(Self).ok_or(NotATicket)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::identity::RefreshToken;

    #[test]
    fn a_ticket_reads_back_and_does_not_show_itself() {
        let ticket = Ticket::generate();
        let text = ticket.reveal();
        let read: Ticket = text.expose_secret().parse().unwrap();
        assert_eq!(read.hash(), ticket.hash());
        assert_eq!(format!("{ticket:?}"), "swt_…");
    }

    #[test]
    fn what_is_cut_or_another_secret_is_no_ticket() {
        let text = Ticket::generate().reveal().expose_secret().to_owned();
        let refresh = RefreshToken::generate().reveal().expose_secret().to_owned();
        let wrong = [
            text[..text.len() - 1].to_owned(),
            format!("{text}A"),
            text.replacen("swt_", "SWT_", 1),
            refresh.clone(),
            String::new(),
            "x".repeat(100_000),
        ];
        for text in wrong {
            assert_eq!(text.parse::<Ticket>().err(), Some(NotATicket), "{text}");
        }
        // The same bits as another kind of secret have another hash.
        let same: Ticket = refresh.replacen("swr_", "swt_", 1).parse().unwrap();
        assert_ne!(same.hash(), refresh.parse::<RefreshToken>().unwrap().hash());
    }
}
