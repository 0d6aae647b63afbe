//! The licences we accept, and the crates that need another one.

use crate::deps::spdx::{Expression, Licence};
use crate::metadata::Package;

/// Permissive licences that go with MIT and with Apache-2.0, as SPDX writes them.
pub(super) const ACCEPTED: [&str; 10] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CDLA-Permissive-2.0", // the root certificates, as data
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0", // Unicode's tables
    "Zlib",
];

pub(super) fn check(packages: &[Package]) -> Vec<String> {
    packages.iter().filter_map(objection).collect()
}

fn objection(package: &Package) -> Option<String> {
    let (name, version) = (&package.name, &package.version);
    let Some(stated) = &package.license else {
        return Some(format!("{name} {version} states no licence"));
    };
    let expression = match Expression::parse(stated) {
        Ok(expression) => expression,
        Err(error) => {
            return Some(format!(
                "{name} {version} states a licence we cannot read, `{stated}`: {error}"
            ));
        }
    };
    let refused = expression.refused(&is_accepted)?;
    let refused: Vec<_> = refused.iter().map(ToString::to_string).collect();
    Some(format!(
        "{name} {version} is under `{stated}`; not accepted: {}",
        refused.join(", ")
    ))
}

fn is_accepted(licence: &Licence) -> bool {
    ACCEPTED.contains(&licence.to_string().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deps::package;

    fn found(license: Option<&str>) -> Vec<String> {
        check(&[package("odd", "1.2.3", license)])
    }

    #[test]
    fn a_crate_under_another_licence_is_named_with_it() {
        assert_eq!(
            found(Some("GPL-3.0-only")),
            ["odd 1.2.3 is under `GPL-3.0-only`; not accepted: GPL-3.0-only"]
        );
        assert_eq!(
            found(Some("MIT AND (AGPL-3.0-only OR SSPL-1.0)")),
            ["odd 1.2.3 is under `MIT AND (AGPL-3.0-only OR SSPL-1.0)`; not accepted: AGPL-3.0-only, SSPL-1.0"]
        );
    }

    #[test]
    fn a_crate_without_a_licence_is_found() {
        assert_eq!(found(None), ["odd 1.2.3 states no licence"]);
    }

    #[test]
    fn an_unreadable_expression_is_found() {
        assert_eq!(found(Some("MIT OR")).len(), 1);
    }

    #[test]
    fn an_exception_counts_only_where_it_is_accepted() {
        assert_eq!(found(Some("Apache-2.0 WITH LLVM-exception")), Vec::<String>::new());
        assert_eq!(
            found(Some("MIT WITH LLVM-exception")),
            ["odd 1.2.3 is under `MIT WITH LLVM-exception`; not accepted: MIT WITH LLVM-exception"]
        );
    }

    #[test]
    fn deny_toml_accepts_the_same_licences() {
        let text = std::fs::read_to_string(crate::cargo::root().join("deny.toml")).unwrap();
        let list = text
            .split_once("\nallow = [")
            .and_then(|(_, rest)| rest.split_once(']'))
            .unwrap()
            .0;
        let listed: Vec<_> = list.split('"').skip(1).step_by(2).collect();
        assert_eq!(listed, ACCEPTED);
    }
}
