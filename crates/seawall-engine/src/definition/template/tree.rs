//! A JSON value whose strings may be templates, compiled; and a condition.

use serde_json::{Map, Value};

use super::expression::{Evaluation, Expression};
use super::grammar::{Names, translate};
use super::json::{MAX_RESULT, Meter, Refused, text_of};
use super::scan::{Segment, has_template, scan};
use super::token::Token;
use crate::definition::place::Place;
use crate::definition::rendered::{Rendered, SecretPart, SecretSlot};
use crate::definition::report::{Report, excerpt};
use crate::definition::scope::Scope;
use crate::executor::StepError;

/// A JSON value whose strings may be templates.
pub struct Template(Node);

enum Node {
    /// No template anywhere in it.
    Literal(Value),
    /// A string that is exactly one expression.
    Expression(Expression),
    Text(Vec<Part>),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

enum Part {
    Text(String),
    Expression(Expression),
    Secret(String),
}

/// A step that a template looks at, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::definition) struct Reference {
    pub(in crate::definition) pointer: String,
    pub(in crate::definition) step: String,
}

/// What templates of one step may do, and what is found on the way.
pub(in crate::definition) struct Compiling<'a> {
    /// The map's variable, inside a map.
    pub(in crate::definition) variable: Option<&'a str>,
    /// Other names that exist here.
    pub(in crate::definition) extras: &'static [&'static str],
    /// Whether `{{ secrets.NAME }}` may stand here.
    pub(in crate::definition) secrets: bool,
    /// It is rendered before the run begins: there was no step, and no attempt.
    pub(in crate::definition) before_run: bool,
    pub(in crate::definition) references: &'a mut Vec<Reference>,
    pub(in crate::definition) report: &'a mut Report,
}

impl Template {
    /// Compiles `value`; reports every bad string and leaves null in its place.
    pub(in crate::definition) fn compile(value: &Value, place: &Place<'_>, compiling: &mut Compiling<'_>) -> Self {
        Self(compiling.node(value, place))
    }

    /// An object made of templates.
    pub(in crate::definition) fn object(fields: Vec<(String, Self)>) -> Self {
        Self(fold_object(
            fields.into_iter().map(|(name, field)| (name, field.0)).collect(),
        ))
    }

    /// The value over this scope.
    ///
    /// # Errors
    /// `template-error`, `template-too-large`; never retryable.
    pub fn render(&self, scope: &Scope) -> Result<Rendered, StepError> {
        let mut rendering = Rendering {
            evaluation: Evaluation::new(scope),
            meter: Meter::new(MAX_RESULT),
            secrets: Vec::new(),
        };
        let value = rendering.node(&self.0, &Place::Root, 0)?;
        Ok(Rendered {
            value,
            secrets: rendering.secrets,
        })
    }
}

impl Compiling<'_> {
    fn node(&mut self, value: &Value, place: &Place<'_>) -> Node {
        match value {
            Value::String(text) if has_template(text) => self.string(text, place),
            Value::Array(items) => {
                let nodes = items.iter().enumerate();
                let nodes: Vec<Node> = nodes.map(|(at, item)| self.node(item, &place.item(at))).collect();
                fold_array(nodes)
            }
            Value::Object(fields) => {
                let nodes = fields.iter();
                let nodes = nodes.map(|(name, field)| (name.clone(), self.node(field, &place.field(name))));
                fold_object(nodes.collect())
            }
            literal => Node::Literal(literal.clone()),
        }
    }

    fn string(&mut self, text: &str, place: &Place<'_>) -> Node {
        let segments = match scan(text) {
            Ok(segments) => segments,
            Err(message) => {
                self.report.error(place, "bad-template", message);
                return Node::Literal(Value::Null);
            }
        };
        let mut parts = Vec::with_capacity(segments.len());
        for segment in segments {
            match segment {
                Segment::Text(text) => parts.push(Part::Text(text.to_owned())),
                Segment::Expression { source, tokens } => match secret_name(&tokens) {
                    Some(name) => parts.extend(self.secret(name, place)),
                    None => parts.extend(self.expression(source, &tokens, place).map(Part::Expression)),
                },
            }
        }
        match <[Part; 1]>::try_from(parts) {
            Ok([Part::Expression(expression)]) => Node::Expression(expression),
            Ok(part) => Node::Text(part.into()),
            Err(parts) => Node::Text(parts),
        }
    }

    fn secret(&mut self, name: &str, place: &Place<'_>) -> Option<Part> {
        if !self.secrets {
            self.report.error(
                place,
                "secret-not-allowed",
                "secrets can stand only where the kind allows them: in the headers of http and the env of command",
            );
            return None;
        }
        if !is_secret_name(name) {
            let name = excerpt(name);
            self.report.error(
                place,
                "bad-secret-name",
                format!("`{name}` is no name of a secret: capital letters, digits and `_`, starting with a letter"),
            );
            return None;
        }
        Some(Part::Secret(name.to_owned()))
    }

    fn expression(&mut self, source: &str, tokens: &[Token<'_>], place: &Place<'_>) -> Option<Expression> {
        let names = Names {
            variable: self.variable,
            extras: self.extras,
            before_run: self.before_run,
        };
        let compiled = translate(tokens, &names).and_then(|mut translated| {
            for step in std::mem::take(&mut translated.steps) {
                self.refer(step, place);
            }
            Expression::compile(source, translated).map_err(|message| ("bad-template", message))
        });
        compiled
            .map_err(|(code, message)| {
                let source = excerpt(source);
                self.report
                    .error(place, code, format!("`{{{{ {source} }}}}`: {message}"));
            })
            .ok()
    }
}

impl Compiling<'_> {
    /// Notes a reference. Repeated ones are kept so that each place gets its error, up to a bound; beyond it only names that
    /// are new, and no more of those than would be an error anyway (a definition has at most 1,000 steps).
    fn refer(&mut self, step: String, place: &Place<'_>) {
        const REPEATED: usize = 500;
        const ALL: usize = 1500;
        let count = self.references.len();
        let known = || self.references.iter().any(|reference| reference.step == step);
        if count < REPEATED || (count < ALL && !known()) {
            let pointer = place.pointer();
            self.references.push(Reference { pointer, step });
        }
    }
}

/// The name in an expression that is exactly `secrets.NAME`.
fn secret_name<'s>(tokens: &[Token<'s>]) -> Option<&'s str> {
    match tokens {
        [Token::Name("secrets"), Token::Sign("."), Token::Name(name)] => Some(name),
        _ => None,
    }
}

fn is_secret_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn fold_array(nodes: Vec<Node>) -> Node {
    if !nodes.iter().all(|node| matches!(node, Node::Literal(_))) {
        return Node::Array(nodes);
    }
    let literals = nodes.into_iter().filter_map(|node| match node {
        Node::Literal(value) => Some(value),
        _ => None,
    });
    Node::Literal(Value::Array(literals.collect()))
}

fn fold_object(fields: Vec<(String, Node)>) -> Node {
    if !fields.iter().all(|(_, node)| matches!(node, Node::Literal(_))) {
        return Node::Object(fields);
    }
    let literals = fields.into_iter().filter_map(|(name, node)| match node {
        Node::Literal(value) => Some((name, value)),
        _ => None,
    });
    Node::Literal(Value::Object(literals.collect()))
}

/// One rendering: what is left of its bounds, and the secrets met so far.
struct Rendering<'s> {
    evaluation: Evaluation<'s>,
    meter: Meter,
    secrets: Vec<SecretSlot>,
}

impl Rendering<'_> {
    fn node(&mut self, node: &Node, place: &Place<'_>, depth: usize) -> Result<Value, StepError> {
        match node {
            Node::Literal(value) => match self.meter.spend_value(value, depth) {
                Ok(()) => Ok(value.clone()),
                Err(refused) => Err(failure(place, None, refused)),
            },
            Node::Expression(expression) => self
                .evaluation_of(expression, depth)
                .map_err(|refused| failure(place, Some(expression), refused)),
            Node::Text(parts) => self.text(parts, place),
            Node::Array(nodes) => {
                self.spend(nodes.len() + 2, place)?;
                let items = nodes.iter().enumerate();
                items
                    .map(|(at, node)| self.node(node, &place.item(at), depth + 1))
                    .collect::<Result<Vec<_>, _>>()
                    .map(Value::Array)
            }
            Node::Object(fields) => {
                let mut object = Map::new();
                for (name, node) in fields {
                    self.spend(name.len() + 4, place)?;
                    object.insert(name.clone(), self.node(node, &place.field(name), depth + 1)?);
                }
                Ok(Value::Object(object))
            }
        }
    }

    fn evaluation_of(&mut self, expression: &Expression, depth: usize) -> Result<Value, Refused> {
        expression.evaluate(&mut self.evaluation, &mut self.meter, depth)
    }

    fn spend(&mut self, bytes: usize, place: &Place<'_>) -> Result<(), StepError> {
        self.meter.spend(bytes).map_err(|refused| failure(place, None, refused))
    }

    /// Text of its parts; null and a slot where a secret is one of them.
    fn text(&mut self, parts: &[Part], place: &Place<'_>) -> Result<Value, StepError> {
        let mut done: Vec<SecretPart> = Vec::new();
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Text(literal) => {
                    self.spend(literal.len(), place)?;
                    text.push_str(literal);
                }
                Part::Expression(expression) => {
                    let value = self
                        .evaluation_of(expression, 0)
                        .map_err(|refused| failure(place, Some(expression), refused))?;
                    text.push_str(&text_of(value));
                }
                Part::Secret(name) => {
                    if !text.is_empty() {
                        done.push(SecretPart::Text(std::mem::take(&mut text)));
                    }
                    done.push(SecretPart::Secret(name.clone()));
                }
            }
        }
        if done.is_empty() {
            return Ok(Value::String(text));
        }
        if !text.is_empty() {
            done.push(SecretPart::Text(text));
        }
        self.secrets.push(SecretSlot {
            pointer: place.pointer(),
            parts: done,
        });
        Ok(Value::Null)
    }
}

fn failure(place: &Place<'_>, expression: Option<&Expression>, refused: Refused) -> StepError {
    let (code, message) = match refused {
        Refused::TooLarge => ("template-too-large", "the result is larger than 1 MiB".to_owned()),
        Refused::Invalid(message) => ("template-error", message),
    };
    let mut whole = String::new();
    let pointer = place.pointer();
    if !pointer.is_empty() {
        whole.push_str(&pointer);
        whole.push_str(": ");
    }
    if let Some(expression) = expression {
        let source = excerpt(expression.source());
        whole.push_str(&format!("`{{{{ {source} }}}}`: "));
    }
    whole.push_str(&message);
    StepError::permanent(code, whole)
}

/// A template that gives a boolean.
pub struct Condition(Decision);

enum Decision {
    Fixed(bool),
    Expression(Expression),
}

impl Condition {
    /// `true`, `false`, or a string that is exactly one expression. None when it is neither; that is reported.
    pub(in crate::definition) fn compile(
        value: &Value,
        place: &Place<'_>,
        compiling: &mut Compiling<'_>,
    ) -> Option<Self> {
        if let Value::Bool(fixed) = value {
            return Some(Self(Decision::Fixed(*fixed)));
        }
        let before = compiling.report.count();
        if let Value::String(text) = value
            && has_template(text)
        {
            if let Node::Expression(expression) = compiling.string(text, place) {
                return Some(Self(Decision::Expression(expression)));
            }
            if compiling.report.count() > before {
                return None;
            }
        }
        compiling.report.error(
            place,
            "bad-condition",
            "a condition is `true`, `false`, or exactly one `{{ expression }}` that gives a boolean",
        );
        None
    }

    /// Whether it holds over this scope.
    ///
    /// # Errors
    /// As [`Template::render`]; also when the value is not a boolean.
    pub fn holds(&self, scope: &Scope) -> Result<bool, StepError> {
        let expression = match &self.0 {
            Decision::Fixed(fixed) => return Ok(*fixed),
            Decision::Expression(expression) => expression,
        };
        let mut meter = Meter::new(MAX_RESULT);
        match expression.evaluate(&mut Evaluation::new(scope), &mut meter, 0) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(_) => Err(failure(
                &Place::Root,
                Some(expression),
                Refused::Invalid("a condition must give true or false; compare, or use `| bool`".to_owned()),
            )),
            Err(refused) => Err(failure(&Place::Root, Some(expression), refused)),
        }
    }
}
