//! Passwords never stand on a command line: others see it, and the shell keeps it.

use std::io::{BufRead as _, Read as _, stdin};

use anyhow::{Context as _, anyhow};
use inquire::{InquireError, Password};

use crate::context::Context;
use crate::failure::Failure;

/// Longer lines are no passwords.
const MAX_BYTES: u64 = 4096;

/// Asks the person at the terminal twice; where nobody sits, reads the first line of stdin.
pub(super) fn password(context: &Context) -> Result<String, Failure> {
    if !context.interactive {
        let mut line = String::new();
        let read = stdin().lock().take(MAX_BYTES).read_line(&mut line);
        read.context("the password cannot be read from stdin")?;
        let password = line.trim_end_matches(['\n', '\r']);
        if password.is_empty() {
            let text = "error: expected the password as the first line of stdin".to_owned();
            return Err(Failure::Usage(text));
        }
        return Ok(password.to_owned());
    }
    let asked = Password::new("Password")
        .with_help_message("12 to 128 characters")
        .prompt();
    asked.map_err(|error| match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => {
            Failure::Usage("error: no password was given".to_owned())
        }
        error => Failure::Other(anyhow!(error).context("the password cannot be asked for")),
    })
}
