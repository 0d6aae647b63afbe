//! Reads an expression, checks every name in it, and writes it again for minijinja with its costly operators guarded.
//!
//! The levels are minijinja's: `a if b else c`, or, and, not, one comparison, `+ -`, `~`, `* / // %`, `**`, unary, postfix,
//! filters and tests. Not taken over, because nothing here needs them: calls of methods, tuples, splats, chained comparisons.

use std::collections::BTreeSet;

use super::path::Path;
use super::token::Token;
use super::vocabulary::KEYWORDS;

/// An expression that may be compiled.
#[derive(Debug)]
pub(super) struct Translated {
    /// For minijinja.
    pub(super) text: String,
    /// Set when the expression is nothing but a path.
    pub(super) path: Option<Path>,
    /// Ids of the steps it refers to.
    pub(super) steps: BTreeSet<String>,
}

/// Which names there are beside `input`, `steps` and `run`.
pub(super) struct Names<'a> {
    /// The map's variable; `index` then exists too.
    pub(super) variable: Option<&'a str>,
    pub(super) extras: &'static [&'static str],
    /// No run has begun: `run.attempt` does not exist.
    pub(super) before_run: bool,
}

/// An error code and what to tell the author.
pub(super) type Fault = (&'static str, String);

/// Nesting of brackets, calls, `not`, signs and `else` in what the author wrote.
const MAX_NESTING: usize = 32;
/// Height of the tree that minijinja builds: its compiler walks it recursively.
const MAX_HEIGHT: usize = 120;

/// Whether a map's variable must not be called so.
pub(in crate::definition) fn is_reserved_name(name: &str) -> bool {
    KEYWORDS.contains(&name)
        || super::vocabulary::FUNCTIONS.contains(&name)
        || matches!(name, "input" | "steps" | "run" | "secrets" | "index" | "self")
        || name.starts_with("__")
}

pub(super) fn translate(tokens: &[Token<'_>], names: &Names<'_>) -> Result<Translated, Fault> {
    let mut reader = Reader {
        tokens,
        at: 0,
        nesting: 0,
        names,
        steps: BTreeSet::new(),
    };
    let piece = reader.expression()?;
    if let Some(token) = reader.peek() {
        return Err(reader.unexpected(token, "the end of the expression"));
    }
    Ok(Translated {
        text: piece.text,
        path: piece.path,
        steps: reader.steps,
    })
}

pub(super) fn fault(message: impl Into<String>) -> Fault {
    ("bad-template", message.into())
}

/// A part of the expression, translated.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) height: usize,
    pub(super) path: Option<Path>,
}

impl Piece {
    pub(super) fn leaf(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            height: 1,
            path: None,
        }
    }

    /// A piece over others: their tallest and one more.
    pub(super) fn over(text: String, parts: &[&Self]) -> Result<Self, Fault> {
        let height = parts.iter().map(|part| part.height).max().unwrap_or(0) + 1;
        if height > MAX_HEIGHT {
            return Err(fault(
                "the expression is too deep; put parts of it into steps of their own",
            ));
        }
        Ok(Self {
            text,
            height,
            path: None,
        })
    }

    fn call(function: &str, arguments: &[Self]) -> Result<Self, Fault> {
        let texts: Vec<&str> = arguments.iter().map(|argument| argument.text.as_str()).collect();
        let parts: Vec<&Self> = arguments.iter().collect();
        Self::over(format!("{function}({})", texts.join(", ")), &parts)
    }
}

pub(super) struct Reader<'t, 's> {
    tokens: &'t [Token<'s>],
    at: usize,
    nesting: usize,
    pub(super) names: &'t Names<'t>,
    pub(super) steps: BTreeSet<String>,
}

impl<'s> Reader<'_, 's> {
    pub(super) fn peek(&self) -> Option<Token<'s>> {
        self.tokens.get(self.at).copied()
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<Token<'s>> {
        self.tokens.get(self.at + ahead).copied()
    }

    pub(super) fn next(&mut self) -> Option<Token<'s>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    pub(super) fn at_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(found)) if found == sign)
    }

    fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(found)) if found == word)
    }

    pub(super) fn skip_sign(&mut self, sign: &str) -> bool {
        let found = self.at_sign(sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn skip_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_sign(&mut self, sign: &str) -> Result<(), Fault> {
        if self.skip_sign(sign) {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => self.unexpected(token, &format!("`{sign}`")),
            None => fault(format!("the expression ends where `{sign}` was expected")),
        })
    }

    pub(super) fn unexpected(&self, token: Token<'_>, expected: &str) -> Fault {
        fault(format!("found `{}` where {expected} was expected", token.text()))
    }

    /// Goes one level down, and refuses to go too far.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.nesting == MAX_NESTING {
            return Err(fault(format!("the expression is nested deeper than {MAX_NESTING}")));
        }
        self.nesting += 1;
        let result = read(self);
        self.nesting -= 1;
        result
    }

    pub(super) fn expression(&mut self) -> Result<Piece, Fault> {
        let mut piece = self.either()?;
        while self.skip_word("if") {
            let test = self.either()?;
            if self.skip_word("else") {
                let otherwise = self.nested(Self::expression)?;
                let text = format!("{} if {} else {}", piece.text, test.text, otherwise.text);
                piece = Piece::over(text, &[&piece, &test, &otherwise])?;
            } else {
                piece = Piece::over(format!("{} if {}", piece.text, test.text), &[&piece, &test])?;
            }
        }
        Ok(piece)
    }

    fn either(&mut self) -> Result<Piece, Fault> {
        let mut left = self.both()?;
        while self.skip_word("or") {
            let right = self.both()?;
            left = Piece::over(format!("{} or {}", left.text, right.text), &[&left, &right])?;
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Piece, Fault> {
        let mut left = self.negation()?;
        while self.skip_word("and") {
            let right = self.negation()?;
            left = Piece::over(format!("{} and {}", left.text, right.text), &[&left, &right])?;
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Piece, Fault> {
        if !self.skip_word("not") {
            return self.comparison();
        }
        let operand = self.nested(Self::negation)?;
        Piece::over(format!("not {}", operand.text), &[&operand])
    }

    fn comparison(&mut self) -> Result<Piece, Fault> {
        let left = self.addition()?;
        let Some((function, negated)) = self.comparison_operator()? else {
            return Ok(left);
        };
        let right = self.addition()?;
        let again = self.at;
        if self.comparison_operator()?.is_some() {
            self.at = again;
            return Err(fault("comparisons do not chain; write `a < b and b < c`"));
        }
        let compared = Piece::call(function, &[left, right])?;
        if negated {
            return Piece::over(format!("(not {})", compared.text), &[&compared]);
        }
        Ok(compared)
    }

    fn comparison_operator(&mut self) -> Result<Option<(&'static str, bool)>, Fault> {
        let function = match self.peek() {
            Some(Token::Sign("==")) => "__eq",
            Some(Token::Sign("!=")) => "__ne",
            Some(Token::Sign("<")) => "__lt",
            Some(Token::Sign("<=")) => "__le",
            Some(Token::Sign(">")) => "__gt",
            Some(Token::Sign(">=")) => "__ge",
            Some(Token::Name("in")) => "__in",
            Some(Token::Name("not")) => {
                self.at += 1;
                if self.skip_word("in") {
                    return Ok(Some(("__in", true)));
                }
                return Err(fault("`not` here must be followed by `in`"));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some((function, false)))
    }

    /// Terms joined by `+` go into one call; `-` stays as it is: it takes numbers only.
    fn addition(&mut self) -> Result<Piece, Fault> {
        let mut terms = vec![self.concatenation()?];
        loop {
            if self.skip_sign("+") {
                terms.push(self.concatenation()?);
            } else if self.skip_sign("-") {
                let left = fold("__plus", terms)?;
                let right = self.concatenation()?;
                terms = vec![Piece::over(
                    format!("{} - {}", left.text, right.text),
                    &[&left, &right],
                )?];
            } else {
                return fold("__plus", terms);
            }
        }
    }

    fn concatenation(&mut self) -> Result<Piece, Fault> {
        let mut terms = vec![self.multiplication()?];
        while self.skip_sign("~") {
            terms.push(self.multiplication()?);
        }
        fold("__concat", terms)
    }

    fn multiplication(&mut self) -> Result<Piece, Fault> {
        let mut factors = vec![self.power()?];
        loop {
            if self.skip_sign("*") {
                factors.push(self.power()?);
                continue;
            }
            let Some(Token::Sign(operator @ ("/" | "//" | "%"))) = self.peek() else {
                return fold("__times", factors);
            };
            self.at += 1;
            let left = fold("__times", factors)?;
            let right = self.power()?;
            factors = vec![Piece::over(
                format!("{} {operator} {}", left.text, right.text),
                &[&left, &right],
            )?];
        }
    }

    fn power(&mut self) -> Result<Piece, Fault> {
        let mut left = self.unary()?;
        while self.skip_sign("**") {
            let right = self.unary()?;
            left = Piece::over(format!("{} ** {}", left.text, right.text), &[&left, &right])?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Piece, Fault> {
        let operand = self.signed()?;
        self.filters_and_tests(operand)
    }

    /// A sign applies to the operand with its postfixes; filters then apply to the negated value.
    fn signed(&mut self) -> Result<Piece, Fault> {
        if !self.skip_sign("-") {
            return self.operand();
        }
        let operand = self.nested(Self::signed)?;
        Piece::over(format!("-{}", operand.text), &[&operand])
    }
}

/// One piece stays itself; several become one call.
fn fold(function: &str, mut pieces: Vec<Piece>) -> Result<Piece, Fault> {
    if pieces.len() > 1 {
        return Piece::call(function, &pieces);
    }
    pieces.pop().ok_or_else(|| fault("an operand is missing"))
}
