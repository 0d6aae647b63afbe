//! Server-sent events, read as they come: pieces may end anywhere, inside a character or between `\r` and `\n`.

/// One event. Comments and fields that nobody reads are dropped.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct SseEvent {
    /// The last id that was seen, this event's own if it has one.
    pub(super) id: String,
    pub(super) event: String,
    pub(super) data: String,
}

/// An event is larger than the reader takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an event is larger than {} bytes", SseParser::LIMIT)]
pub(super) struct TooLarge;

/// Bytes in, events out.
#[derive(Default)]
pub(super) struct SseParser {
    line: Vec<u8>,
    /// The last byte ended a line as `\r`; a `\n` that follows belongs to it.
    after_cr: bool,
    /// Nothing was read yet: a byte order mark may stand here.
    begun: bool,
    next: SseEvent,
    has_data: bool,
}

impl SseParser {
    /// A step's output has 1 MiB, a map's 16 MiB; JSON escapes.
    const LIMIT: usize = 64 << 20;

    /// Takes the next piece of the stream and gives the events that it completes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, TooLarge> {
        let mut events = Vec::new();
        for &byte in bytes {
            let ended = match byte {
                b'\n' if self.after_cr => false,
                b'\n' | b'\r' => true,
                other => {
                    self.line.push(other);
                    false
                }
            };
            self.after_cr = byte == b'\r';
            if ended {
                events.extend(self.end_line());
            } else if self.line.len() + self.next.data.len() > Self::LIMIT {
                return Err(TooLarge);
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let first = !std::mem::replace(&mut self.begun, true);
        let line = if first {
            line.trim_start_matches('\u{feff}')
        } else {
            &line
        };
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if self.has_data {
                    self.next.data.push('\n');
                }
                self.next.data.push_str(value);
                self.has_data = true;
            }
            "event" => value.clone_into(&mut self.next.event),
            "id" if !value.contains('\0') => value.clone_into(&mut self.next.id),
            _ => {}
        }
        None
    }

    /// An event without data is none; its id counts all the same.
    fn dispatch(&mut self) -> Option<SseEvent> {
        let id = self.next.id.clone();
        let event = std::mem::replace(
            &mut self.next,
            SseEvent {
                id,
                ..SseEvent::default()
            },
        );
        std::mem::take(&mut self.has_data).then_some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pieces: &[&[u8]]) -> Vec<SseEvent> {
        let mut parser = SseParser::default();
        pieces.iter().flat_map(|piece| parser.push(piece).unwrap()).collect()
    }

    const STREAM: &str = "\u{feff}: hello\nid: 1\nevent: step.succeeded\ndata: {\"name\":\"Zoë\"}\n\n:keep-alive\r\n\r\n\
        id:2\r\nevent: a\r\ndata: one\r\ndata:  two\r\n\r\ndata\rretry: 5\r\rid: 7\n\nevent: b\ndata: last\n\ndata: cut";

    fn expected() -> Vec<SseEvent> {
        let event = |id: &str, event: &str, data: &str| SseEvent {
            id: id.to_owned(),
            event: event.to_owned(),
            data: data.to_owned(),
        };
        vec![
            event("1", "step.succeeded", "{\"name\":\"Zoë\"}"),
            event("2", "a", "one\n two"),
            event("2", "", ""),
            event("7", "b", "last"),
        ]
    }

    #[test]
    fn a_stream_split_at_every_byte_boundary_gives_the_same_events() {
        let bytes = STREAM.as_bytes();
        assert_eq!(parse(&[bytes]), expected());
        for at in 0..=bytes.len() {
            let (before, after) = bytes.split_at(at);
            assert_eq!(parse(&[before, after]), expected(), "split at {at}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(parse(&single), expected());
    }

    #[test]
    fn an_endless_line_is_refused() {
        let mut parser = SseParser::default();
        let piece = vec![b'x'; 1 << 20];
        let refused = (0..=64).map(|_| parser.push(&piece)).find_map(Result::err);
        assert_eq!(refused, Some(TooLarge));
    }
}
