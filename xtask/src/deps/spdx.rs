//! SPDX licence expressions: read, and held against a set of accepted licences.
//!
//! `WITH` binds closer than `AND`, `AND` closer than `OR`. A slash is the `OR` of old manifests. Nothing is guessed: a
//! `+` or an unknown name is a licence of that very name.

use std::fmt;

/// Longer expressions are refused; the parser's depth is bounded by it.
const MAX_BYTES: usize = 1_000;

/// One licence, perhaps with an exception to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Licence {
    id: String,
    exception: Option<String>,
}

impl fmt::Display for Licence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.exception {
            Some(exception) => write!(f, "{} WITH {exception}", self.id),
            None => f.write_str(&self.id),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    Licence(Licence),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl Expression {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("it is longer than {MAX_BYTES} bytes"));
        }
        let tokens = tokens(text);
        let mut parser = Parser { tokens: &tokens };
        let expression = parser.any()?;
        match parser.tokens.first() {
            None => Ok(expression),
            Some(token) => Err(format!("`{token}` is not expected there")),
        }
    }

    /// The licences that stand in the way, or nothing when the expression holds. Of an `OR` all sides are named: one of
    /// them would have to be accepted.
    pub(crate) fn refused(&self, accepted: &impl Fn(&Licence) -> bool) -> Option<Vec<&Licence>> {
        match self {
            Self::Licence(licence) => (!accepted(licence)).then(|| vec![licence]),
            Self::All(sides) => {
                let refused: Vec<_> = sides
                    .iter()
                    .filter_map(|side| side.refused(accepted))
                    .flatten()
                    .collect();
                (!refused.is_empty()).then_some(refused)
            }
            Self::Any(sides) => {
                let refused: Option<Vec<_>> = sides.iter().map(|side| side.refused(accepted)).collect();
                refused.map(|sides| sides.into_iter().flatten().collect())
            }
        }
    }
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    for word in text.split_whitespace() {
        let mut rest = word;
        while let Some(at) = rest.find(['(', ')', '/']) {
            if at > 0 {
                tokens.push(&rest[..at]);
            }
            tokens.push(&rest[at..=at]);
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            tokens.push(rest);
        }
    }
    tokens
}

struct Parser<'a> {
    tokens: &'a [&'a str],
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expression, String> {
        let mut sides = vec![self.all()?];
        while self.take("OR") || self.take("/") {
            sides.push(self.all()?);
        }
        Ok(one_or(sides, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, String> {
        let mut sides = vec![self.single()?];
        while self.take("AND") {
            sides.push(self.single()?);
        }
        Ok(one_or(sides, Expression::All))
    }

    fn single(&mut self) -> Result<Expression, String> {
        if self.take("(") {
            let inner = self.any()?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err("a `(` is not closed".to_owned())
            };
        }
        let id = self.name("a licence")?;
        let exception = if self.take("WITH") {
            Some(self.name("an exception")?)
        } else {
            None
        };
        Ok(Expression::Licence(Licence { id, exception }))
    }

    fn name(&mut self, expected: &str) -> Result<String, String> {
        let Some((token, rest)) = self.tokens.split_first() else {
            return Err(format!("it ends where {expected} should be"));
        };
        if matches!(*token, "OR" | "AND" | "WITH" | "(" | ")" | "/") {
            return Err(format!("`{token}` stands where {expected} should be"));
        }
        self.tokens = rest;
        Ok((*token).to_owned())
    }

    fn take(&mut self, wanted: &str) -> bool {
        match self.tokens.split_first() {
            Some((token, rest)) if *token == wanted => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }
}

fn one_or(mut sides: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    if sides.len() == 1 { sides.remove(0) } else { many(sides) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the expression holds when only MIT, ISC and `Apache-2.0 WITH LLVM-exception` are accepted.
    fn holds(text: &str) -> bool {
        let accepted = |licence: &Licence| {
            ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&licence.to_string().as_str())
        };
        Expression::parse(text).unwrap().refused(&accepted).is_none()
    }

    #[test]
    fn one_side_of_an_or_is_enough() {
        assert!(holds("MIT"));
        assert!(holds("GPL-2.0-only OR MIT"));
        assert!(holds("MIT OR GPL-2.0-only OR AGPL-3.0-only"));
        assert!(!holds("GPL-2.0-only OR AGPL-3.0-only"));
    }

    #[test]
    fn every_side_of_an_and_is_needed() {
        assert!(holds("MIT AND ISC"));
        assert!(!holds("MIT AND GPL-2.0-only"));
        assert!(!holds("GPL-2.0-only AND MIT"));
    }

    #[test]
    fn and_binds_closer_than_or() {
        assert!(holds("MIT OR GPL-2.0-only AND AGPL-3.0-only"));
        assert!(holds("GPL-2.0-only AND AGPL-3.0-only OR MIT"));
        assert!(!holds("GPL-2.0-only AND (AGPL-3.0-only OR MIT)"));
    }

    #[test]
    fn parentheses_nest() {
        assert!(holds("((MIT))"));
        assert!(holds("(MIT OR GPL-2.0-only) AND (ISC OR (AGPL-3.0-only AND MIT))"));
        assert!(!holds("(MIT AND GPL-2.0-only) OR (ISC AND AGPL-3.0-only)"));
    }

    #[test]
    fn an_exception_makes_another_licence() {
        assert!(holds("Apache-2.0 WITH LLVM-exception"));
        assert!(!holds("Apache-2.0"));
        assert!(!holds("MIT WITH LLVM-exception"));
        assert!(holds("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR GPL-2.0-only"));
    }

    #[test]
    fn the_slash_of_old_manifests_is_an_or() {
        assert!(holds("MIT/Apache-2.0"));
        assert!(holds("Apache-2.0 / MIT"));
        assert!(!holds("GPL-2.0/Apache-2.0"));
    }

    #[test]
    fn a_plus_is_part_of_the_name() {
        assert!(!holds("MIT+"));
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        let expression = Expression::parse("MIT AND (A OR B) AND C WITH D").unwrap();
        let refused = expression.refused(&|licence| licence.id == "MIT").unwrap();
        let refused: Vec<_> = refused.into_iter().map(ToString::to_string).collect();
        assert_eq!(refused, ["A", "B", "C WITH D"]);
    }

    #[test]
    fn broken_expressions_are_refused() {
        let deep = "(".repeat(400);
        let long = "MIT OR ".repeat(200) + "MIT";
        for text in [
            "",
            " ",
            "OR",
            "MIT OR",
            "AND MIT",
            "MIT ISC",
            "(MIT",
            "MIT)",
            "()",
            "MIT WITH",
            "MIT WITH OR",
            "MIT or ISC",
            &deep,
            &long,
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
