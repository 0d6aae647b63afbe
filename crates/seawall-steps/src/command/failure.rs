//! What the end of a command lets us know.

use std::io;

use seawall_engine::{EffectClass, Outcome, StepError};
use serde_json::json;

use crate::command::capture::Printed;
use crate::command::program;
use crate::command::supervise::End;
use crate::mask::Mask;
use crate::output;

/// How much of stderr a failure quotes.
const TAIL_LINES: usize = 10;
const TAIL_BYTES: usize = 2000;

/// A process that was not started.
pub(crate) fn of_spawn(error: &io::Error, program: &str) -> StepError {
    match error.kind() {
        io::ErrorKind::NotFound => program::not_found(program),
        io::ErrorKind::PermissionDenied => program::not_executable(program),
        // The kernel knows no such format.
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => program::not_executable(program),
        io::ErrorKind::ArgumentListTooLong => {
            StepError::permanent("spawn-failed", format!("`{program}` cannot be started: {error}"))
        }
        _ => StepError::new("spawn-failed", format!("`{program}` cannot be started: {error}")),
    }
}

/// How the ends of a command are judged.
pub(crate) struct Judge<'a> {
    pub(crate) program: &'a str,
    pub(crate) effect: EffectClass,
    pub(crate) mask: &'a Mask,
    pub(crate) limit: usize,
}

impl Judge<'_> {
    pub(crate) fn judge(&self, end: End, printed: Printed) -> Outcome {
        let Self { program, limit, .. } = self;
        match end {
            End::Exited(0) => self.success(printed),
            End::Exited(code) => {
                let message = format!("`{program}` exited with code {code}{}", self.tail(printed.stderr));
                Outcome::Failed(StepError::new(format!("exit-code-{code}"), message))
            }
            End::Signalled(signal) => {
                let message = format!("`{program}` was killed by signal {signal}{}", self.tail(printed.stderr));
                Outcome::Unknown(StepError::new(format!("killed-by-signal-{signal}"), message))
            }
            End::TooMuch(stream) => output::cut_off(
                self.effect,
                output::too_large(format!(
                    "`{program}` was killed: with {stream} its output went over the limit of {limit} bytes"
                )),
            ),
            End::ExitedWithTooMuch(code, stream) => Outcome::Failed(output::too_large(format!(
                "`{program}` exited with code {code}, but with {stream} its output went over the limit of {limit} bytes"
            ))),
            End::Cancelled => Outcome::Unknown(output::cancelled("cancelled after the command was started")),
            End::Lost(error) => Outcome::Unknown(StepError::new(
                "wait-failed",
                format!("what became of `{program}` is not known: {error}"),
            )),
        }
    }

    fn success(&self, printed: Printed) -> Outcome {
        let stdout = self.text(printed.stdout);
        let stderr = self.text(printed.stderr);
        // Every line costs a value of its own and at least three bytes of JSON: too many are refused before they are made.
        let lines = stdout.lines().count();
        if stdout.len() + stderr.len() + 3 * lines > self.limit {
            let limit = self.limit;
            return Outcome::Failed(output::too_large(format!(
                "`{}` exited with code 0, but its output of {lines} lines is over the limit of {limit} bytes of JSON",
                self.program
            )));
        }
        let stdout_lines: Vec<&str> = stdout.lines().collect();
        let output = json!({"exit_code": 0, "stdout_lines": stdout_lines, "stdout": stdout, "stderr": stderr});
        output::within_limit(output, self.limit)
    }

    fn text(&self, bytes: Vec<u8>) -> String {
        let text =
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        self.mask.text(text)
    }

    /// The last lines of stderr. Masked as a whole first: a secret cut in two would pass.
    fn tail(&self, stderr: Vec<u8>) -> String {
        let text = self.text(stderr);
        let text = text.trim_end();
        let mut start = text.len().saturating_sub(TAIL_BYTES);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        let mut lines: Vec<&str> = text[start..].lines().rev().take(TAIL_LINES).collect();
        lines.reverse();
        if lines.is_empty() {
            String::new()
        } else {
            format!(": {}", lines.join("\n"))
        }
    }
}
