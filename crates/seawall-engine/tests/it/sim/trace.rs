//! What happened, in order: a digest always, the text on request.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::time::Instant;

/// More than any story needs: a run of the runtime that goes on and on is stopped here.
const MOST_LINES: u64 = 400_000;

struct Inner {
    digest: DefaultHasher,
    line: String,
    lines: u64,
    print: bool,
    violations: Vec<String>,
    tally: BTreeMap<String, u64>,
}

/// Clones share it.
#[derive(Clone)]
pub(crate) struct Trace {
    start: Instant,
    inner: Arc<Mutex<Inner>>,
}

impl Trace {
    pub(crate) fn new(print: bool) -> Self {
        Self {
            start: Instant::now(),
            inner: Arc::new(Mutex::new(Inner {
                // Its keys are fixed, unlike those of a hash map.
                digest: DefaultHasher::new(),
                line: String::new(),
                lines: 0,
                print,
                violations: Vec::new(),
                tally: BTreeMap::new(),
            })),
        }
    }

    #[expect(
        clippy::print_stdout,
        reason = "the trace of a seed that is played again is for a person"
    )]
    pub(crate) fn line(&self, text: fmt::Arguments<'_>) {
        let at = self.start.elapsed().as_millis();
        let inner = &mut *self.inner.lock();
        inner.lines += 1;
        assert!(inner.lines < MOST_LINES, "the runtime goes round in circles");
        inner.line.clear();
        write!(inner.line, "{at:>8} {text}").expect("a text takes everything");
        if inner.print {
            println!("{}", inner.line);
        }
        inner.digest.write(inner.line.as_bytes());
        inner.digest.write_u8(0xff);
    }

    /// Something that must never be. The story ends with it.
    pub(crate) fn violation(&self, text: String) {
        self.line(format_args!("VIOLATION {text}"));
        self.inner.lock().violations.push(text);
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.inner.lock().violations.clone()
    }

    /// Counts something that is worth to have happened.
    pub(crate) fn count(&self, what: impl fmt::Display) {
        *self.inner.lock().tally.entry(what.to_string()).or_default() += 1;
    }

    pub(crate) fn tally(&self) -> BTreeMap<String, u64> {
        self.inner.lock().tally.clone()
    }

    /// The digest of all lines, and how many there were.
    pub(crate) fn digest(&self) -> (u64, u64) {
        let inner = self.inner.lock();
        (inner.digest.finish(), inner.lines)
    }
}
