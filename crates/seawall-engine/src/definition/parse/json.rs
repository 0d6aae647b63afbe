//! JSON, as RFC 8259 has it, with positions and without duplicate keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::number::json_number;
use super::source_map::{Inner, Spot};
use super::{MAX_KEY_BYTES, MAX_NESTING, SyntaxError, duplicate_key, too_deep};
use crate::definition::report::Position;

pub(super) fn read(text: &str) -> Result<(Value, Spot), SyntaxError> {
    let mut reader = Reader {
        text,
        at: 0,
        line: 1,
        counted: (0, 1),
        depth: 0,
    };
    reader.blanks();
    let read = reader.value()?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.malformed("there is more text behind the definition"));
    }
    Ok(read)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: u32,
    /// A place in the line whose column is known: columns are counted on from there, not from the start of the line each time.
    counted: (usize, u32),
    depth: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn position(&mut self) -> Position {
        let (from, column) = self.counted;
        let more = self.text[from..self.at].chars().count();
        let column = column.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        self.counted = (self.at, column);
        Position {
            line: self.line,
            column,
        }
    }

    fn malformed(&mut self, message: &str) -> SyntaxError {
        SyntaxError::new("malformed-json", message).at(self.position())
    }

    fn blanks(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\n' | b'\r')) = self.byte() {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
                self.counted = (self.at, 1);
            }
        }
    }

    fn value(&mut self) -> Result<(Value, Spot), SyntaxError> {
        let position = self.position();
        let value = match self.byte() {
            Some(b'{') => return self.nested(position, Self::object),
            Some(b'[') => return self.nested(position, Self::array),
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(_) => self.word()?,
            None => return Err(self.malformed("the text ends where a value was expected")),
        };
        Ok((value, Spot::scalar(position)))
    }

    fn nested(
        &mut self,
        position: Position,
        read: impl FnOnce(&mut Self) -> Result<(Value, Inner), SyntaxError>,
    ) -> Result<(Value, Spot), SyntaxError> {
        if self.depth == MAX_NESTING {
            return Err(too_deep(position));
        }
        self.depth += 1;
        self.at += 1;
        let (value, inner) = read(self)?;
        self.depth -= 1;
        Ok((value, Spot { position, inner }))
    }

    fn object(&mut self) -> Result<(Value, Inner), SyntaxError> {
        let mut fields = Map::new();
        let mut spots = BTreeMap::new();
        self.blanks();
        if self.skip(b'}') {
            return Ok((Value::Object(fields), Inner::Fields(spots)));
        }
        loop {
            let at_key = self.position();
            if self.byte() != Some(b'"') {
                return Err(self.malformed("a key in double quotes was expected"));
            }
            let key = self.string()?;
            if key.len() > MAX_KEY_BYTES {
                return Err(SyntaxError::new("key-too-long", "a key is at most 256 bytes long").at(at_key));
            }
            if fields.contains_key(&key) {
                return Err(duplicate_key(&key, at_key));
            }
            self.blanks();
            if !self.skip(b':') {
                return Err(self.malformed("`:` was expected behind the key"));
            }
            self.blanks();
            let (value, spot) = self.value()?;
            spots.insert(key.clone(), spot.keyed(at_key));
            fields.insert(key, value);
            self.blanks();
            if self.skip(b'}') {
                return Ok((Value::Object(fields), Inner::Fields(spots)));
            }
            if !self.skip(b',') {
                return Err(self.malformed("`,` or `}` was expected"));
            }
            self.blanks();
        }
    }

    fn array(&mut self) -> Result<(Value, Inner), SyntaxError> {
        let mut items = Vec::new();
        let mut spots = Vec::new();
        self.blanks();
        if self.skip(b']') {
            return Ok((Value::Array(items), Inner::Items(spots)));
        }
        loop {
            let (value, spot) = self.value()?;
            items.push(value);
            spots.push(spot);
            self.blanks();
            if self.skip(b']') {
                return Ok((Value::Array(items), Inner::Items(spots)));
            }
            if !self.skip(b',') {
                return Err(self.malformed("`,` or `]` was expected"));
            }
            self.blanks();
        }
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        let mut escaped = false;
        let end = self.rest().bytes().enumerate().skip(1).find_map(|(at, byte)| {
            if escaped {
                escaped = false;
                None
            } else {
                escaped = byte == b'\\';
                (byte == b'"').then_some(at)
            }
        });
        let Some(end) = end else {
            return Err(self.malformed("the string is not closed"));
        };
        let string = serde_json::from_str(&self.rest()[..=end]).map_err(|error| {
            let mut error_text = error.to_string();
            if let Some(place) = error_text.find(" at line ") {
                error_text.truncate(place);
            }
            self.malformed(&format!("in this string: {error_text}"))
        })?;
        self.at += end + 1;
        Ok(string)
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        let length = self.rest().bytes();
        let length = length
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
            .count();
        let number = match json_number(&self.rest()[..length]) {
            Some(Ok(number)) => number,
            Some(Err(message)) => return Err(SyntaxError::new("number-out-of-range", message).at(self.position())),
            None => return Err(self.malformed("this is no JSON number")),
        };
        self.at += length;
        Ok(Value::Number(number))
    }

    fn word(&mut self) -> Result<Value, SyntaxError> {
        let length = self.rest().bytes().take_while(u8::is_ascii_alphanumeric).count();
        let value = match &self.rest()[..length] {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            "NaN" | "Infinity" => {
                return Err(
                    SyntaxError::new("number-out-of-range", "JSON has no NaN and no infinity").at(self.position()),
                );
            }
            _ => return Err(self.malformed("a value was expected")),
        };
        self.at += length;
        Ok(value)
    }
}
