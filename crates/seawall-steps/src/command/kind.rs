//! The kind `command`, as definitions see it.

use seawall_engine::{EffectClass, FieldShape, FieldSpec, KindSpec};

const fn field(name: &'static str, shape: FieldShape, doc: &'static str) -> FieldSpec {
    FieldSpec {
        name,
        shape,
        required: false,
        secrets: false,
        excludes: None,
        doc,
    }
}

const FIELDS: &[FieldSpec] = &[
    FieldSpec {
        required: true,
        ..field(
            "argv",
            FieldShape::Strings { min: 1 },
            "The program and its arguments. No shell reads them unless argv names one.",
        )
    },
    field(
        "cwd",
        FieldShape::String,
        "Where it runs: inside the allowed roots, relative to the first; the first when absent.",
    ),
    FieldSpec {
        secrets: true,
        ..field(
            "env",
            FieldShape::Variables,
            "Environment besides PATH, HOME and LANG; nothing else is inherited. The place for secrets.",
        )
    },
    field("stdin", FieldShape::String, "What it reads; nothing when absent."),
];

pub(crate) const fn spec(disabled: Option<&'static str>) -> KindSpec {
    KindSpec {
        kind: "command",
        doc: "Runs one program in a process group of its own. Output: {exit_code, stdout, stderr, stdout_lines}; bytes that \
              are not UTF-8 become U+FFFD. A non-zero exit fails.",
        fields: FIELDS,
        default_effect: |_| EffectClass::Once,
        disabled,
    }
}
