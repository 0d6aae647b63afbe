use std::io::stdin;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::output::tell;

/// The terminal as it was before a question: questions hide the cursor and read keys one by one.
pub(super) struct Terminal(Option<Termios>);

impl Terminal {
    pub(super) fn remember() -> Self {
        Self(tcgetattr(stdin()).ok())
    }

    /// For a question that nobody takes back.
    pub(super) fn restore(self) {
        if let Some(before) = self.0 {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
        }
        // Shows the cursor, ends bracketed paste.
        tell("\u{1b}[?25h\u{1b}[?2004l");
    }
}
