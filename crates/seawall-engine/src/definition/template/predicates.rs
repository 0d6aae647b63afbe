//! The tests: what stands behind `is`, and what `select` and its kin take by name. Those that compare are paid for, because
//! `select` calls them once for every entry.

use std::cmp::Ordering;

use minijinja::{Environment, Error, State, Value, tests};

use super::allowance::charge_shallow;
use super::guarded::{contains, equal, order};

pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_test("boolean", tests::is_boolean);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("undefined", tests::is_undefined);
    environment.add_test("none", tests::is_none);
    environment.add_test("divisibleby", tests::is_divisibleby);
    environment.add_test("even", tests::is_even);
    environment.add_test("odd", tests::is_odd);
    environment.add_test("float", tests::is_float);
    environment.add_test("integer", tests::is_integer);
    environment.add_test("number", tests::is_number);
    environment.add_test("iterable", tests::is_iterable);
    environment.add_test("mapping", tests::is_mapping);
    environment.add_test("sequence", tests::is_sequence);
    environment.add_test("string", tests::is_string);
    environment.add_test("true", tests::is_true);
    environment.add_test("false", tests::is_false);
    environment.add_test(
        "startingwith",
        |state: &mut State<'_, '_>, value: &Value, start: &Value| {
            affix(state, value, start, |value, start| value.starts_with(start))
        },
    );
    environment.add_test("endingwith", |state: &mut State<'_, '_>, value: &Value, end: &Value| {
        affix(state, value, end, |value, end| value.ends_with(end))
    });
    environment.add_test("in", |state: &mut State<'_, '_>, value: &Value, whole: &Value| {
        contains(state, value, whole)
    });
    environment.add_test("eq", |state: &mut State<'_, '_>, a: &Value, b: &Value| {
        equal(state, a, b)
    });
    environment.add_test("ne", |state: &mut State<'_, '_>, a: &Value, b: &Value| {
        equal(state, a, b).map(|equal| !equal)
    });
    environment.add_test("lt", |state: &mut State<'_, '_>, a: &Value, b: &Value| {
        order(state, a, b).map(Ordering::is_lt)
    });
    environment.add_test("le", |state: &mut State<'_, '_>, a: &Value, b: &Value| {
        order(state, a, b).map(Ordering::is_le)
    });
    environment.add_test("gt", |state: &mut State<'_, '_>, a: &Value, b: &Value| {
        order(state, a, b).map(Ordering::is_gt)
    });
    environment.add_test("ge", |state: &mut State<'_, '_>, a: &Value, b: &Value| {
        order(state, a, b).map(Ordering::is_ge)
    });
}

fn affix(
    state: &mut State<'_, '_>,
    value: &Value,
    affix: &Value,
    matches: impl Fn(&str, &str) -> bool,
) -> Result<bool, Error> {
    charge_shallow(state, affix)?;
    Ok(match (value.as_str(), affix.as_str()) {
        (Some(value), Some(affix)) => matches(value, affix),
        _ => false,
    })
}
