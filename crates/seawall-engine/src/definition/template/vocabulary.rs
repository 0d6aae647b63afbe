//! The names of filters, tests and functions that expressions may use.
//!
//! The lists and the environment are built apart; a test holds them against each other.

/// What can stand behind `|`.
pub(super) const FILTERS: [&str; 38] = [
    "abs",
    "bool",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "groupby",
    "int",
    "items",
    "join",
    "keys",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "sum",
    "tojson",
    "trim",
    "unique",
    "upper",
    "values",
    "fromjson",
];

/// What can stand behind `is`, and what `select` and its kin take by name.
pub(super) const TESTS: [&str; 25] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "even",
    "false",
    "float",
    "ge",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
];

/// What can be called.
pub(super) const FUNCTIONS: [&str; 1] = ["range"];

/// Words that are no variable names.
pub(super) const KEYWORDS: [&str; 15] = [
    "true", "false", "none", "null", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else", "loop",
];
