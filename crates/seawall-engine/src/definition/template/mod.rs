//! Templates: `{{ expression }}` in the string values of a definition.
//!
//! Expressions are minijinja's, compiled once per definition. Its fuel bounds neither memory nor the stack, so an expression
//! is first read by a grammar of our own ([`grammar`]), which knows every name that may stand in it, bounds its size and
//! height, finds the steps it refers to, and hands minijinja a text in which each operator that could build something
//! large or compare something large is a call into [`guarded`], paid for from an [`allowance`]. The same holds for
//! filters and tests: the list is our own.
//!
//! Values:
//! - A string that is exactly one `{{ expression }}` becomes the expression's value, with its type.
//! - Anything else renders to text: strings as they are, every other value as compact JSON (null is `null`, not nothing).
//! - `{{ "{{" }}` writes two literal braces. `{%` and `{#` are refused: there are no statements and no comments.
//! - What is not defined is an error. So are NaN and infinity, integers that fit neither i64 nor u64, results of more than
//!   1 MiB, and values nested deeper than 96.

mod allowance;
mod expression;
mod filters;
mod grammar;
mod guarded;
mod json;
mod operand;
mod path;
mod predicates;
mod scan;
mod token;
mod tree;
mod view;
mod vocabulary;

#[cfg(test)]
mod tests;

pub(super) use grammar::is_reserved_name;
pub(super) use scan::{has_template, is_one_expression};
pub(super) use tree::{Compiling, Reference};
pub use tree::{Condition, Template};
