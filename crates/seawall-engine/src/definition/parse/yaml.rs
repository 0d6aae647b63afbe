//! The YAML that is JSON in other clothes, read from serde-saphyr's parser events: they carry styles, anchors, tags and
//! positions, which a deserializer would hide.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{self, Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::number::json_number;
use super::source_map::{Inner, Spot};
use super::{MAX_KEY_BYTES, MAX_NESTING, SyntaxError, duplicate_key, too_deep};
use crate::definition::report::Position;

pub(super) fn read(text: &str) -> Result<(Value, Spot), SyntaxError> {
    let mut options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        // One more than allowed, so that our own error is the one that is seen.
        flow_nesting_limit: MAX_NESTING + 2,
        block_nesting_limit: MAX_NESTING + 2,
    };
    options.set_emit_comments(false);
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, options),
        depth: 0,
    };
    let mut document = None;
    loop {
        let (event, span) = reader.event()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
            event if document.is_none() => document = Some(reader.node(event, span)?),
            _ => {
                return Err(
                    SyntaxError::new("multiple-documents", "a definition is one YAML document")
                        .at(position(&span.start)),
                );
            }
        }
    }
    document.ok_or_else(|| SyntaxError::new("malformed-yaml", "the text is empty"))
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn event(&mut self) -> Result<(Event<'t>, Span), SyntaxError> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(malformed(&error)),
            None => Err(SyntaxError::new("malformed-yaml", "the text ends too early")),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<(Value, Spot), SyntaxError> {
        let position = position(&span.start);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                plain_node(anchor, tag.is_some(), position)?;
                let value = if style == ScalarStyle::Plain {
                    scalar(&text).map_err(|(code, message)| SyntaxError::new(code, message).at(position))?
                } else {
                    Value::String(text.into_owned())
                };
                Ok((value, Spot::scalar(position)))
            }
            Event::SequenceStart(_, anchor, tag) => {
                plain_node(anchor, tag.is_some(), position)?;
                self.nested(position, Self::sequence)
            }
            Event::MappingStart(_, anchor, tag) => {
                plain_node(anchor, tag.is_some(), position)?;
                self.nested(position, Self::mapping)
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => Err(SyntaxError::new(
                "yaml-alias",
                "aliases (`*name`) are not allowed; write the value out",
            )
            .at(position)),
            _ => Err(SyntaxError::new("malformed-yaml", "a value was expected").at(position)),
        }
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
        let (value, inner) = read(self)?;
        self.depth -= 1;
        Ok((value, Spot { position, inner }))
    }

    fn sequence(&mut self) -> Result<(Value, Inner), SyntaxError> {
        let mut items = Vec::new();
        let mut spots = Vec::new();
        loop {
            let (event, span) = self.event()?;
            if event == Event::SequenceEnd {
                return Ok((Value::Array(items), Inner::Items(spots)));
            }
            let (value, spot) = self.node(event, span)?;
            items.push(value);
            spots.push(spot);
        }
    }

    fn mapping(&mut self) -> Result<(Value, Inner), SyntaxError> {
        let mut fields = Map::new();
        let mut spots = BTreeMap::new();
        loop {
            let (event, span) = self.event()?;
            let at_key = position(&span.start);
            let key = match event {
                Event::MappingEnd => return Ok((Value::Object(fields), Inner::Fields(spots))),
                Event::Scalar(text, _, anchor, tag) => {
                    plain_node(anchor, tag.is_some(), at_key)?;
                    text.into_owned()
                }
                Event::Alias(_) | Event::UnresolvedAlias(_) => {
                    return self.node(event, span).map(|_| (Value::Null, Inner::Scalar));
                }
                _ => {
                    return Err(SyntaxError::new(
                        "malformed-yaml",
                        "a key is a string; a template `{{ … }}` must stand in quotes",
                    )
                    .at(at_key));
                }
            };
            if key.len() > MAX_KEY_BYTES {
                return Err(SyntaxError::new("key-too-long", "a key is at most 256 bytes long").at(at_key));
            }
            if fields.contains_key(&key) {
                return Err(duplicate_key(&key, at_key));
            }
            let (event, span) = self.event()?;
            let (value, spot) = self.node(event, span)?;
            spots.insert(key.clone(), spot.keyed(at_key));
            fields.insert(key, value);
        }
    }
}

/// Without anchor and tag.
fn plain_node(anchor: usize, tagged: bool, position: Position) -> Result<(), SyntaxError> {
    if anchor != 0 {
        return Err(SyntaxError::new("yaml-anchor", "anchors (`&name`) are not allowed").at(position));
    }
    if tagged {
        return Err(SyntaxError::new("yaml-tag", "tags (`!name`) are not allowed").at(position));
    }
    Ok(())
}

/// A plain scalar by the core schema of YAML 1.2: `yes`, `no`, `on` and `off` are strings.
fn scalar(text: &str) -> Result<Value, (&'static str, String)> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        let message = "NaN and infinity are no JSON numbers; write them in quotes if they are text";
        return Err(("number-out-of-range", message.to_owned()));
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Ok(Value::String(text.to_owned()));
    }
    let radix = [("0x", 16), ("0o", 8)];
    for (prefix, radix) in radix {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|c| c.is_digit(radix))
        {
            return u64::from_str_radix(digits, radix)
                .map(Value::from)
                .map_err(|_| out_of_range("the number has more than 64 bits; write it in quotes"));
        }
    }
    let leading_zero = unsigned.len() > 1 && unsigned.starts_with('0') && unsigned.bytes().all(|b| b.is_ascii_digit());
    if leading_zero {
        let message = format!(
            "`{text}` means different numbers to different readers of YAML; write it in quotes, or without the zero"
        );
        return Err(("ambiguous-number", message));
    }
    // What YAML allows beyond JSON: a plus sign, and nothing on one side of the point.
    let mut json = text.strip_prefix('+').unwrap_or(text).to_owned();
    if unsigned.starts_with('.') {
        json = json.replacen('.', "0.", 1);
    }
    if let Some(at) = json.find('.')
        && !json[at + 1..].starts_with(|c: char| c.is_ascii_digit())
    {
        json.insert(at + 1, '0');
    }
    match json_number(&json) {
        Some(number) => number.map(Value::Number).map_err(out_of_range),
        None => Ok(Value::String(text.to_owned())),
    }
}

fn out_of_range(message: &str) -> (&'static str, String) {
    ("number-out-of-range", message.to_owned())
}

fn malformed(error: &ScanError) -> SyntaxError {
    SyntaxError::new("malformed-yaml", error.info()).at(position(error.marker()))
}

fn position(marker: &Marker) -> Position {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position {
        line: count(marker.line().max(1)),
        column: count(marker.col() + 1),
    }
}
