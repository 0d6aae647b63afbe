//! The lower half of the grammar: what operators stand between.

use super::grammar::{Fault, Piece, Reader, fault};
use super::path::{Key, Path, Root, RunField, StepField};
use super::token::Token;
use super::vocabulary::{FILTERS, FUNCTIONS, KEYWORDS, TESTS};
use crate::definition::nearest::hint;
use crate::names::StepId;

impl<'s> Reader<'_, 's> {
    /// A primary with its attributes and subscripts.
    pub(super) fn operand(&mut self) -> Result<Piece, Fault> {
        let mut piece = self.primary()?;
        loop {
            if self.skip_sign(".") {
                piece = self.attribute(piece)?;
            } else if self.skip_sign("[") {
                piece = self.nested(|reader| reader.subscript(piece))?;
            } else if self.at_sign("(") {
                return Err(fault("there are no methods; use filters, like `value | length`"));
            } else {
                return Ok(piece);
            }
        }
    }

    fn attribute(&mut self, piece: Piece) -> Result<Piece, Fault> {
        let (name, key) = match self.next() {
            Some(Token::Name(name)) => (name, Key::Name(name.into())),
            Some(Token::Whole(index)) => {
                let parsed = index.parse().map_err(|_| fault("the index is too large"))?;
                (index, Key::Index(parsed))
            }
            Some(token) => return Err(self.unexpected(token, "a name")),
            None => return Err(fault("the expression ends where a name was expected")),
        };
        let text = format!("{}.{name}", piece.text);
        Self::step_down(piece, text, Some(key))
    }

    fn subscript(&mut self, piece: Piece) -> Result<Piece, Fault> {
        let key = match (self.peek(), self.peek_at(1)) {
            (Some(Token::Text(text)), Some(Token::Sign("]"))) => plain_text(text).map(|name| Key::Name(name.into())),
            (Some(Token::Whole(index)), Some(Token::Sign("]"))) => index.parse().ok().map(Key::Index),
            _ => None,
        };
        let mut text = format!("{}[", piece.text);
        let mut inner = Vec::new();
        let mut colons = 0;
        while !self.skip_sign("]") {
            if colons < 2 && self.skip_sign(":") {
                colons += 1;
                text.push(':');
            } else if inner.len() == colons {
                let part = self.expression()?;
                text.push_str(&part.text);
                inner.push(part);
            } else {
                self.expect_sign("]")?;
                break;
            }
            // A slice may leave any of its parts out.
            while inner.len() < colons {
                inner.push(Piece::leaf(""));
            }
        }
        if inner.is_empty() && colons == 0 {
            return Err(fault("an index is missing between `[` and `]`"));
        }
        text.push(']');
        if key.is_some() {
            return Self::step_down(piece, text, key);
        }
        let mut parts: Vec<&Piece> = inner.iter().collect();
        parts.push(&piece);
        Piece::over(text, &parts)
    }

    fn step_down(mut piece: Piece, text: String, key: Option<Key>) -> Result<Piece, Fault> {
        let path = piece.path.take().zip(key).map(|(mut path, key)| {
            path.keys.push(key);
            path
        });
        let mut down = Piece::over(text, &[&piece])?;
        down.path = path;
        Ok(down)
    }

    fn primary(&mut self) -> Result<Piece, Fault> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Piece::leaf(text)),
            Some(Token::Whole(number) | Token::Number(number)) => Ok(Piece::leaf(number)),
            Some(Token::Name(name)) => self.name(name),
            Some(Token::Sign("(")) => {
                let inner = self.nested(Self::expression)?;
                if self.at_sign(",") {
                    return Err(fault("there are no tuples; write a list: `[a, b]`"));
                }
                self.expect_sign(")")?;
                Piece::over(format!("({})", inner.text), &[&inner])
            }
            Some(Token::Sign("[")) => self.nested(Self::list),
            Some(Token::Sign("{")) => self.nested(Self::object),
            Some(token) => Err(self.unexpected(token, "a value")),
            None => Err(fault("the expression ends where a value was expected")),
        }
    }

    fn list(&mut self) -> Result<Piece, Fault> {
        let mut items = Vec::new();
        while !self.skip_sign("]") {
            items.push(self.expression()?);
            if !self.skip_sign(",") {
                self.expect_sign("]")?;
                break;
            }
        }
        let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
        Piece::over(format!("[{}]", texts.join(", ")), &items.iter().collect::<Vec<_>>())
    }

    fn object(&mut self) -> Result<Piece, Fault> {
        let mut parts = Vec::new();
        let mut texts = Vec::new();
        while !self.skip_sign("}") {
            let key = self.expression()?;
            self.expect_sign(":")?;
            let value = self.expression()?;
            texts.push(format!("{}: {}", key.text, value.text));
            parts.extend([key, value]);
            if !self.skip_sign(",") {
                self.expect_sign("}")?;
                break;
            }
        }
        // A blank keeps the braces from closing the expression.
        Piece::over(format!("{{{} }}", texts.join(", ")), &parts.iter().collect::<Vec<_>>())
    }

    fn name(&mut self, name: &'s str) -> Result<Piece, Fault> {
        match name {
            "true" | "false" | "none" | "True" | "False" | "None" => return Ok(Piece::leaf(name)),
            "null" => return Ok(Piece::leaf("none")),
            "input" => return Ok(rooted(name, Root::Input)),
            "steps" => return self.step(),
            "run" => return self.run(),
            "secrets" => {
                return Err((
                    "secret-not-allowed",
                    "a secret stands alone: exactly `{{ secrets.NAME }}`, not inside a larger expression".to_owned(),
                ));
            }
            _ => {}
        }
        if self.at_sign("(") {
            return self.call(name);
        }
        if let Some(variable) = self.names.variable {
            if name == variable {
                return Ok(rooted(name, Root::Item));
            }
            if name == "index" {
                return Ok(rooted(name, Root::Index));
            }
        }
        if let Some(extra) = self.names.extras.iter().find(|extra| **extra == name) {
            return Ok(rooted(name, Root::Extra(extra)));
        }
        if KEYWORDS.contains(&name) {
            return Err(fault(format!("found `{name}` where a value was expected")));
        }
        let known = ["input", "steps", "run", "index"]
            .into_iter()
            .chain(self.names.variable)
            .chain(self.names.extras.iter().copied());
        let extra = if name == "index" {
            "; `index` exists in the step of a map"
        } else {
            ""
        };
        Err(fault(format!(
            "`{name}` is not defined{extra}{}",
            hint(name, known.filter(|known| *known != name))
        )))
    }

    fn call(&mut self, name: &str) -> Result<Piece, Fault> {
        if !FUNCTIONS.contains(&name) {
            let near = hint(name, FUNCTIONS);
            return Err(fault(format!("there is no function `{name}`{near}")));
        }
        let (text, parts, _) = self.nested(Self::arguments)?;
        Piece::over(format!("{name}{text}"), &parts.iter().collect::<Vec<_>>())
    }

    fn run(&mut self) -> Result<Piece, Fault> {
        let (name, field) = self.member("run", &RunField::ALL)?;
        if self.names.before_run && field == RunField::Attempt {
            let message = "only `input`, `run.id` and `run.created_at` can be looked at before the run begins";
            return Err(("not-allowed-here", message.to_owned()));
        }
        Ok(rooted(&format!("run.{name}"), Root::Run(field)))
    }

    /// `steps.ID.FIELD` or `steps["ID"].FIELD`.
    fn step(&mut self) -> Result<Piece, Fault> {
        let id = if self.skip_sign(".") {
            match self.next() {
                Some(Token::Name(id)) => Some(id),
                _ => None,
            }
        } else if self.skip_sign("[") {
            let id = match self.next() {
                Some(Token::Text(text)) => plain_text(text),
                _ => None,
            };
            id.filter(|_| self.skip_sign("]"))
        } else {
            None
        };
        let Some(id) = id else {
            return Err(fault(
                "`steps` is followed by the id of a step, written out: `steps.ID.output` or `steps[\"ID\"].output`",
            ));
        };
        let Some(parsed) = StepId::parse(id) else {
            return Err(("unknown-step", format!("`{id}` is no step id: a-z, 0-9, `-` and `_`")));
        };
        self.steps.insert(id.to_owned());
        let (name, field) = self.member(&format!("steps.{id}"), &StepField::ALL)?;
        Ok(rooted(&format!("steps[\"{id}\"].{name}"), Root::Step(parsed, field)))
    }

    /// `.name` or `["name"]`, one of those given.
    fn member<F: Copy>(&mut self, of: &str, fields: &[(&'static str, F)]) -> Result<(&'static str, F), Fault> {
        let found = if self.skip_sign(".") {
            match self.next() {
                Some(Token::Name(name)) => Some(name),
                _ => None,
            }
        } else if self.skip_sign("[") {
            let name = match self.next() {
                Some(Token::Text(text)) => plain_text(text),
                _ => None,
            };
            name.filter(|_| self.skip_sign("]"))
        } else {
            None
        };
        let known = || fields.iter().map(|(name, _)| *name);
        fields
            .iter()
            .find(|(name, _)| Some(*name) == found)
            .copied()
            .ok_or_else(|| {
                let all: Vec<String> = known().map(|name| format!("`{of}.{name}`")).collect();
                let near = found.map_or_else(String::new, |found| hint(found, known()));
                fault(format!("what there is of `{of}`: {}{near}", all.join(", ")))
            })
    }

    pub(super) fn filters_and_tests(&mut self, mut piece: Piece) -> Result<Piece, Fault> {
        loop {
            if self.skip_sign("|") {
                let name = self.known_name("filter", &FILTERS)?;
                let (text, mut parts, first) = if self.at_sign("(") {
                    self.nested(Self::arguments)?
                } else {
                    (String::new(), Vec::new(), Vec::new())
                };
                check_named(name, &first)?;
                let text = format!("{} | {name}{text}", piece.text);
                parts.push(piece);
                piece = Piece::over(text, &parts.iter().collect::<Vec<_>>())?;
            } else if self.skip_word("is") {
                piece = self.test(piece)?;
            } else {
                return Ok(piece);
            }
        }
    }

    fn test(&mut self, piece: Piece) -> Result<Piece, Fault> {
        let negated = if self.skip_word("not") { "not " } else { "" };
        let name = self.known_name("test", &TESTS)?;
        let (text, mut parts) = if self.at_sign("(") {
            let (text, parts, _) = self.nested(Self::arguments)?;
            (text, parts)
        } else if self.at_test_operand() {
            let operand = self.nested(Self::operand)?;
            (format!("({})", operand.text), vec![operand])
        } else {
            (String::new(), Vec::new())
        };
        let text = format!("{} is {negated}{name}{text}", piece.text);
        parts.push(piece);
        Piece::over(text, &parts.iter().collect::<Vec<_>>())
    }

    /// `is divisibleby 3`: one operand may follow without brackets.
    fn at_test_operand(&self) -> bool {
        match self.peek() {
            Some(Token::Text(_) | Token::Whole(_) | Token::Number(_)) => true,
            Some(Token::Name(name)) => !matches!(name, "and" | "or" | "not" | "if" | "else" | "is" | "in"),
            Some(Token::Sign("[" | "{")) => true,
            _ => false,
        }
    }

    fn known_name(&mut self, what: &str, known: &'static [&'static str]) -> Result<&'static str, Fault> {
        match self.next() {
            Some(Token::Name(name)) => known.iter().find(|known| **known == name).copied().ok_or_else(|| {
                let near = hint(name, known.iter().copied());
                fault(format!("there is no {what} `{name}`{near}"))
            }),
            Some(token) => Err(self.unexpected(token, &format!("the name of a {what}"))),
            None => Err(fault(format!(
                "the expression ends where the name of a {what} was expected"
            ))),
        }
    }

    /// `(a, b, name=c)`: the text, its parts, and the leading arguments that are plain strings.
    fn arguments(&mut self) -> Result<(String, Vec<Piece>, Vec<&'s str>), Fault> {
        self.expect_sign("(")?;
        let mut texts = Vec::new();
        let mut parts = Vec::new();
        let mut names = Vec::new();
        while !self.skip_sign(")") {
            let keyword = match (self.peek(), self.peek_at(1)) {
                (Some(Token::Name(name)), Some(Token::Sign("="))) => Some(name),
                _ => None,
            };
            if let Some(keyword) = keyword {
                self.next();
                self.next();
                let value = self.expression()?;
                texts.push(format!("{keyword}={}", value.text));
                parts.push(value);
            } else {
                if let (Some(Token::Text(text)), Some(Token::Sign("," | ")"))) = (self.peek(), self.peek_at(1)) {
                    names.extend(plain_text(text).filter(|_| names.len() == parts.len()));
                }
                let value = self.expression()?;
                texts.push(value.text.clone());
                parts.push(value);
            }
            if !self.skip_sign(",") {
                self.expect_sign(")")?;
                break;
            }
        }
        Ok((format!("({})", texts.join(", ")), parts, names))
    }
}

/// Filters that call another filter or a test by name: the name is checked now, not at the first run.
fn check_named(filter: &str, strings: &[&str]) -> Result<(), Fault> {
    let (what, known, at): (_, &[&str], _) = match filter {
        "map" => ("filter", &FILTERS, 0),
        "select" | "reject" => ("test", &TESTS, 0),
        "selectattr" | "rejectattr" => ("test", &TESTS, 1),
        _ => return Ok(()),
    };
    match strings.get(at) {
        Some(name) if !known.contains(name) => {
            let near = hint(name, known.iter().copied());
            Err(fault(format!("`{filter}`: there is no {what} `{name}`{near}")))
        }
        _ => Ok(()),
    }
}

fn rooted(text: &str, root: Root) -> Piece {
    let mut piece = Piece::leaf(text);
    piece.path = Some(Path { root, keys: Vec::new() });
    piece
}

/// The content of a quoted string that has no escapes.
fn plain_text(quoted: &str) -> Option<&str> {
    let inner = quoted.get(1..quoted.len().checked_sub(1)?)?;
    (!inner.contains('\\')).then_some(inner)
}
