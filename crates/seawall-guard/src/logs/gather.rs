use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for others.
const DELAY: Duration = Duration::from_millis(2);

/// How much waits at most, in bytes, but for a line of each thread. Who logs more writes, and waits for whoever reads the log.
const MOST: usize = 256 * 1024;

/// Writes lines together, one call of the system for all that came within two milliseconds: the writer of a
/// [`layer`](super::layer).
///
/// No line is left out. Lines of `WARN` and `ERROR` are written, and all before them, when the call that logs them returns; so
/// are all others while more than 256 KiB wait. What a process that is killed leaves unwritten are lines of `INFO` and below
/// of its last two milliseconds.
///
/// What the writer refuses (a full disk) is lost: there is no place to tell it.
///
/// ```
/// use seawall_guard::logs::{Style, gather, layer};
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// let (lines, last_lines) = gather(std::io::stderr())?;
/// let subscriber = tracing_subscriber::registry().with(layer(Style::Json, lines));
/// // At the end of `main`:
/// drop(last_lines);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Gather<W>(Arc<Shared<W>>);

/// Writes what waits when it is dropped. What is logged afterwards is written at once.
#[must_use = "dropped at once, it makes every line be written at once"]
#[derive(Debug)]
pub struct LastLines<W: Write>(Arc<Shared<W>>);

#[derive(Debug)]
struct Shared<W> {
    /// Taken before `waiting`, so that lines are written in the order in which they came.
    out: Mutex<Out<W>>,
    waiting: Mutex<Waiting>,
    /// For the thread, when the first line waits or the end has come.
    wake: Condvar,
}

#[derive(Debug)]
struct Out<W> {
    writer: W,
    /// What is being written; the two buffers change places.
    lines: Vec<u8>,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Nobody sees to what waits: the thread sleeps until it is woken.
    asleep: bool,
    /// Nobody will: each line is written by who logs it.
    ended: bool,
}

/// Begins to gather, with a thread of its own.
///
/// # Errors
/// There can be no more threads.
pub fn gather<W: Write + Send + 'static>(writer: W) -> io::Result<(Gather<W>, LastLines<W>)> {
    let shared = Arc::new(Shared {
        out: Mutex::new(Out {
            writer,
            lines: Vec::new(),
        }),
        waiting: Mutex::default(),
        wake: Condvar::new(),
    });
    let own = Arc::clone(&shared);
    thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || own.keep_writing())?;
    Ok((Gather(Arc::clone(&shared)), LastLines(shared)))
}

impl<W: Write> Shared<W> {
    fn keep_writing(&self) {
        while self.wait() {
            self.write_all();
        }
    }

    /// Returns when lines wait, and have waited a little; false: it is the end.
    fn wait(&self) -> bool {
        let mut waiting = self.waiting.lock();
        while waiting.lines.is_empty() && !waiting.ended {
            waiting.asleep = true;
            self.wake.wait(&mut waiting);
            waiting.asleep = false;
        }
        // Woken early only by the end.
        self.wake.wait_while_for(&mut waiting, |waiting| !waiting.ended, DELAY);
        !waiting.ended
    }

    fn add(&self, line: &[u8], at_once: bool) {
        let mut waiting = self.waiting.lock();
        waiting.lines.extend_from_slice(line);
        if at_once || waiting.ended || waiting.lines.len() > MOST {
            drop(waiting);
            self.write_all();
        } else if waiting.asleep {
            // Told once, however many lines come before it runs.
            waiting.asleep = false;
            drop(waiting);
            self.wake.notify_one();
        }
    }

    /// Writes what waits.
    fn write_all(&self) {
        let mut out = self.out.lock();
        let Out { writer, lines } = &mut *out;
        std::mem::swap(lines, &mut self.waiting.lock().lines);
        let _ = writer.write_all(lines).and_then(|()| writer.flush());
        lines.clear();
        // One enormous burst is no reason to keep so much for ever.
        lines.shrink_to(MOST);
    }
}

impl<W: Write> Drop for LastLines<W> {
    fn drop(&mut self) {
        self.0.waiting.lock().ended = true;
        self.0.wake.notify_one();
        self.0.write_all();
    }
}

/// Takes one line at each write. See [`Gather`].
#[derive(Debug)]
pub struct Line<'a, W> {
    shared: &'a Shared<W>,
    at_once: bool,
}

impl<W: Write> Write for Line<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.shared.add(line, self.at_once);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a, W: Write + 'a> MakeWriter<'a> for Gather<W> {
    type Writer = Line<'a, W>;

    fn make_writer(&'a self) -> Self::Writer {
        Line {
            shared: &self.0,
            at_once: false,
        }
    }

    fn make_writer_for(&'a self, of: &Metadata<'_>) -> Self::Writer {
        Line {
            shared: &self.0,
            at_once: *of.level() <= Level::WARN,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::logs::{Style, layer};

    /// Tells what is written, a call at a time.
    struct Calls(mpsc::Sender<String>);

    impl Write for Calls {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            self.0.send(text).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn calls() -> (Gather<Calls>, LastLines<Calls>, mpsc::Receiver<String>) {
        let (sender, receiver) = mpsc::channel();
        let (lines, last) = gather(Calls(sender)).unwrap();
        (lines, last, receiver)
    }

    const SOON: Duration = Duration::from_secs(60);

    #[test]
    fn a_line_is_written_soon_and_nobody_has_to_come_for_it() {
        let (lines, last, calls) = calls();
        for text in ["one\n", "two\n"] {
            lines.make_writer().write_all(text.as_bytes()).unwrap();
            assert_eq!(calls.recv_timeout(SOON).unwrap(), text);
        }
        drop(last);
    }

    #[test]
    fn a_warning_is_written_with_all_before_it_when_the_call_returns() {
        let (lines, _last, calls) = calls();
        crate::heard::keep_callsites_on();
        let subscriber = tracing_subscriber::registry().with(layer(Style::Text, lines));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("before");
            tracing::warn!("it");
            let written: String = calls.try_iter().collect();
            let [before, it] = ["before", "it"].map(|word| written.find(&format!("tests: {word}\n")));
            assert!(before.is_some() && before < it, "{written}");
            tracing::error!("too");
            assert!(calls.try_recv().unwrap().contains("too"));
        });
    }

    #[test]
    fn the_last_lines_are_written_at_the_end_and_later_ones_at_once() {
        let (lines, last, calls) = calls();
        lines.make_writer().write_all(b"last\n").unwrap();
        drop(last);
        assert_eq!(calls.try_iter().collect::<String>(), "last\n");
        lines.make_writer().write_all(b"late\n").unwrap();
        assert_eq!(calls.try_recv().unwrap(), "late\n");
    }

    /// Holds every write until it may go on.
    struct Stuck(Arc<Mutex<()>>, mpsc::Sender<usize>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            drop(self.0.lock());
            self.1.send(bytes.len()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_logs_more_than_may_wait_waits_for_the_reader_and_nothing_is_lost() {
        let (gate, (sender, written)) = (Arc::new(Mutex::new(())), mpsc::channel());
        let closed = gate.lock();
        let (lines, last) = gather(Stuck(Arc::clone(&gate), sender)).unwrap();
        const LINE: usize = 1024;
        // Each of two would fill what may wait more than once: one may get stuck at the gate, and then the other waits for it.
        let count = 2 * MOST / LINE;
        thread::scope(|scope| {
            let log = || {
                for _ in 0..count {
                    lines.make_writer().write_all(&[b'x'; LINE]).unwrap();
                    assert!(lines.0.waiting.lock().lines.len() <= MOST + 2 * LINE);
                }
            };
            let both = [scope.spawn(log), scope.spawn(log)];
            while lines.0.waiting.lock().lines.len() <= MOST {
                thread::yield_now();
            }
            assert!(both.iter().all(|one| !one.is_finished()));
            drop(closed);
        });
        drop(last);
        assert_eq!(written.try_iter().sum::<usize>(), 2 * count * LINE);
    }

    #[test]
    fn many_threads_lines_stay_whole_and_in_their_order() {
        let (lines, last, calls) = calls();
        thread::scope(|scope| {
            for name in 0..4 {
                let lines = &lines;
                scope.spawn(move || {
                    for number in 0..2_000 {
                        let at_once = number % 97 == 0;
                        let mut line = Line {
                            shared: &lines.0,
                            at_once,
                        };
                        line.write_all(format!("{name} {number}\n").as_bytes()).unwrap();
                    }
                });
            }
        });
        drop(last);
        let text: String = calls.try_iter().collect();
        for name in 0..4 {
            let own = text.lines().filter_map(|line| line.strip_prefix(&format!("{name} ")));
            assert!(own.map(|number| number.parse::<u32>().unwrap()).eq(0..2_000));
        }
        assert_eq!(text.lines().count(), 8_000);
    }
}
