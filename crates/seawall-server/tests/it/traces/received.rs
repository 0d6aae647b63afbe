//! What OTLP says, read without the library that wrote it: fields of Protocol Buffers by their numbers.

use std::collections::BTreeMap;

/// A span, with its ids in hexadecimal digits.
#[derive(Clone, Debug)]
pub(super) struct SeenSpan {
    pub(super) name: String,
    pub(super) trace: String,
    pub(super) id: String,
    /// Empty: it has none.
    pub(super) parent: String,
    /// 1: internal, 2: server.
    pub(super) kind: u64,
    /// In nanoseconds.
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) is_error: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) resource: BTreeMap<String, String>,
    pub(super) spans: Vec<SeenSpan>,
}

/// Reads an `ExportTraceServiceRequest`.
pub(super) fn read(request: &[u8]) -> Seen {
    let mut seen = Seen::default();
    for of_resource in Message::read(request).messages(1) {
        for resource in of_resource.messages(1) {
            seen.resource.extend(attributes(&resource, 1));
        }
        for of_scope in of_resource.messages(2) {
            seen.spans.extend(of_scope.messages(2).iter().map(span));
        }
    }
    seen
}

fn span(span: &Message<'_>) -> SeenSpan {
    SeenSpan {
        trace: hex(span.bytes(1)),
        id: hex(span.bytes(2)),
        parent: hex(span.bytes(4)),
        name: span.text(5),
        kind: span.number(6),
        began: span.number(7),
        ended: span.number(8),
        attributes: attributes(span, 9),
        is_error: span.messages(15).first().is_some_and(|status| status.number(3) == 2),
    }
}

fn attributes(of: &Message<'_>, field: u64) -> BTreeMap<String, String> {
    let pairs = of.messages(field);
    let pair = |pair: &Message<'_>| {
        let values = pair.messages(2);
        let value = values.first().unwrap();
        let text = match value.0.first() {
            Some((1, _)) => value.text(1),
            Some((3, _)) => value.number(3).to_string(),
            other => panic!("a value of another kind: {other:?}"),
        };
        (pair.text(1), text)
    };
    pairs.iter().map(pair).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Debug)]
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

#[derive(Debug)]
struct Message<'a>(Vec<(u64, Field<'a>)>);

impl<'a> Message<'a> {
    fn read(mut rest: &'a [u8]) -> Self {
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let key = varint(&mut rest);
            let field = match key & 7 {
                0 => Field::Number(varint(&mut rest)),
                1 => Field::Number(u64::from_le_bytes(take(&mut rest, 8).try_into().unwrap())),
                2 => {
                    let length = usize::try_from(varint(&mut rest)).unwrap();
                    Field::Bytes(take(&mut rest, length))
                }
                5 => Field::Number(u32::from_le_bytes(take(&mut rest, 4).try_into().unwrap()).into()),
                other => panic!("there is no wire type {other}"),
            };
            fields.push((key >> 3, field));
        }
        Self(fields)
    }

    fn of(&self, number: u64) -> impl Iterator<Item = &Field<'a>> {
        self.0
            .iter()
            .filter(move |(own, _)| *own == number)
            .map(|(_, field)| field)
    }

    fn messages(&self, number: u64) -> Vec<Message<'a>> {
        let bytes = self.of(number).map(|field| match field {
            Field::Bytes(bytes) => *bytes,
            Field::Number(_) => panic!("field {number} is a number"),
        });
        bytes.map(Message::read).collect()
    }

    fn bytes(&self, number: u64) -> &'a [u8] {
        match self.of(number).next() {
            Some(Field::Bytes(bytes)) => bytes,
            None => &[],
            Some(Field::Number(_)) => panic!("field {number} is a number"),
        }
    }

    fn text(&self, number: u64) -> String {
        String::from_utf8(self.bytes(number).to_vec()).unwrap()
    }

    fn number(&self, number: u64) -> u64 {
        match self.of(number).next() {
            Some(Field::Number(value)) => *value,
            None => 0,
            Some(Field::Bytes(_)) => panic!("field {number} is no number"),
        }
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, after) = rest.split_at(length);
    *rest = after;
    taken
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}
