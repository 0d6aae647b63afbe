//! What takes too long is logged with its name, and without a value: those belong to runs.

use std::time::{Duration, Instant};

/// From here on a read, an operation or a batch is worth a line.
pub(crate) const SLOW: Duration = Duration::from_millis(100);

/// Measures one of them.
pub(crate) struct Watch(Instant);

impl Watch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// `path`: the name of the type that does it. It says which it is, so nobody has to give another one.
    pub(crate) fn tell(self, kind: &'static str, path: &'static str) {
        let took = self.0.elapsed();
        if took >= SLOW {
            let (name, took) = (name(path), took.as_millis());
            tracing::warn!(
                statement.kind = kind,
                statement.name = name,
                duration_ms = u64::try_from(took).unwrap_or(u64::MAX),
                "a statement of the store was slow"
            );
        }
    }
}

/// Of an operation its type; of a read, which is a closure, the function that it stands in.
fn name(path: &'static str) -> &'static str {
    let path = path.split_once('<').map_or(path, |(before, generic)| {
        // Of `<impl Role for Type>::read` what follows counts; of `Operation<T>` what stands before.
        match before.is_empty() || before.ends_with("::") {
            true => generic,
            false => before,
        }
    });
    let mut parts = path.rsplit("::").filter(|part| !part.starts_with("{{"));
    parts.next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use std::any::type_name;
    use std::io::Write;
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    struct Operation;

    trait Role {
        fn look_up(&self) -> &'static str;
    }

    fn of<F: FnOnce()>(_: F) -> &'static str {
        name(type_name::<F>())
    }

    impl Role for Operation {
        fn look_up(&self) -> &'static str {
            let inner = || of(|| ());
            inner()
        }
    }

    #[test]
    fn the_name_of_a_type_is_the_name_of_a_statement() {
        assert_eq!(name(type_name::<Operation>()), "Operation");
        assert_eq!(name(type_name::<Option<Operation>>()), "Option");
        assert_eq!(Operation.look_up(), "look_up");
        fn free() -> &'static str {
            of(|| ())
        }
        assert_eq!(free(), "free");
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Lines {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn only_what_is_slow_is_logged() {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(lines.clone())
            .with_ansi(false)
            .finish();
        let Some(long_ago) = Instant::now().checked_sub(SLOW) else {
            return;
        };
        // With one subscriber only, what another thread reaches first would be switched off for all.
        let _others = [(); 2].map(|()| tracing::Dispatch::new(tracing_subscriber::registry()));
        tracing::subscriber::with_default(subscriber, || {
            Watch::start().tell("write", type_name::<Option<u8>>());
            Watch(long_ago).tell("read", type_name::<Operation>());
        });
        let text = String::from_utf8(lines.0.lock().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains(r#"statement.name="Operation""#), "{text}");
    }
}
