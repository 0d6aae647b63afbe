use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;

use crate::redaction::redact;

/// How much of what a panic says is logged, in bytes.
const LONGEST_TEXT: usize = 2048;

thread_local! {
    /// How many guards this thread is within: it is theirs to log.
    static GUARDED: Cell<u32> = const { Cell::new(0) };
    /// Where the last panic within a guard happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Takes the place of the process's panic hook: panics are logged as errors without secrets, and not written to stderr. Without a
/// subscriber they are silent, so install it after that. What was installed before is gone.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = place_of(panic);
        if GUARDED.get() > 0 {
            PLACE.set(place);
            return;
        }
        let (text, thread) = (text_of(panic.payload()), std::thread::current());
        tracing::error!(
            panic.message = &*text,
            panic.place = place,
            thread = thread.name(),
            "a thread panicked"
        );
    }));
}

fn place_of(panic: &PanicHookInfo<'_>) -> Option<String> {
    panic.location().map(ToString::to_string)
}

/// A stretch of work whose panics somebody catches and logs.
pub(super) struct Guarded(());

impl Guarded {
    pub(super) fn enter() -> Self {
        GUARDED.set(GUARDED.get() + 1);
        Self(())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        GUARDED.set(GUARDED.get().saturating_sub(1));
    }
}

/// Where the panic happened that was caught on this thread just now, if the hook is installed.
pub(super) fn take_place() -> Option<String> {
    PLACE.take()
}

/// What a panic says, without secrets, and not too much of it.
pub(super) fn text_of(payload: &(dyn Any + Send)) -> Cow<'_, str> {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    // Cut after looking: half a secret does not look like one.
    let clean = redact(text.unwrap_or("(not a text)"));
    match clean.floor_char_boundary(LONGEST_TEXT) {
        end if end < clean.len() => format!("{}…", &clean[..end]).into(),
        _ => clean,
    }
}
