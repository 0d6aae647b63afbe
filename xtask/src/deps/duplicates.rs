//! Crates that are there in several incompatible versions.
//!
//! Each costs build time and bytes, so each is known here with its reason. An entry that no longer says how it is fails
//! too: the list is a list of what is left to mend.

use std::collections::{BTreeMap, BTreeSet};

use crate::metadata::Package;

/// A crate in several versions, each written as far as compatibility reaches: `2`, `0.4`, `0.0.7`.
pub(super) struct Known {
    name: &'static str,
    versions: &'static [&'static str],
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for whoever reads this table; a test sees that it is there")
    )]
    reason: &'static str,
}

pub(super) const KNOWN: [Known; 10] = [
    Known {
        name: "base64",
        versions: &["0.22", "0.23"],
        reason: "0.22: jsonwebtoken",
    },
    Known {
        name: "getrandom",
        versions: &["0.2", "0.3", "0.4"],
        reason: "0.2: ring, an optional part of rustls that no target builds; 0.3: jsonschema and ahash; 0.4: rand, uuid, tempfile",
    },
    Known {
        name: "r-efi",
        versions: &["5", "6"],
        reason: "getrandom 0.3 and 0.4 on UEFI; built on no target we ship",
    },
    Known {
        name: "rand",
        versions: &["0.9", "0.10"],
        reason: "0.9: opentelemetry_sdk",
    },
    Known {
        name: "rand_core",
        versions: &["0.6", "0.9", "0.10"],
        reason: "0.6: traits of signature, under jsonwebtoken; 0.9: of rand 0.9",
    },
    Known {
        name: "strum",
        versions: &["0.27", "0.28"],
        reason: "0.27: croner; 0.28: jsonschema",
    },
    Known {
        name: "strum_macros",
        versions: &["0.27", "0.28"],
        reason: "of the two versions of strum; build time only",
    },
    Known {
        name: "syn",
        versions: &["2", "3"],
        reason: "the derive crates are on their way to 3; build time only",
    },
    Known {
        name: "untrusted",
        versions: &["0.7", "0.9"],
        reason: "0.7: aws-lc-rs, by a default feature that jsonwebtoken asks for; 0.9: rustls-webpki",
    },
    Known {
        name: "windows-sys",
        versions: &["0.52", "0.61"],
        reason: "0.52: ring, an optional part of rustls that no target builds",
    },
];

pub(super) fn check(packages: &[Package], known: &[Known]) -> Vec<String> {
    let mut present: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in packages {
        present
            .entry(&package.name)
            .or_default()
            .insert(compatible(&package.version));
    }
    let known_names: BTreeSet<_> = known.iter().map(|known| known.name).collect();
    let news = present
        .iter()
        .filter(|(name, versions)| versions.len() > 1 && !known_names.contains(*name))
        .map(|(name, versions)| {
            format!(
                "{name} is there in versions {}: drop one, or add it to duplicates.rs with the reason",
                join(versions)
            )
        });
    let stale = known.iter().filter_map(|known| {
        let expected: BTreeSet<_> = known.versions.iter().map(|&version| version.to_owned()).collect();
        let found = present.get(known.name).cloned().unwrap_or_default();
        (expected != found).then(|| {
            let found = if found.is_empty() {
                "none".to_owned()
            } else {
                join(&found)
            };
            format!(
                "duplicates.rs lists {} in versions {}, but found: {found}",
                known.name,
                join(&expected)
            )
        })
    });
    news.chain(stale).collect()
}

/// The part of a version that Cargo does not cross: `1.2.3` gives `1`, `0.2.3` gives `0.2`, `0.0.3` gives `0.0.3`.
fn compatible(version: &str) -> String {
    let release = version.split(['-', '+']).next().unwrap_or(version);
    let mut kept: Vec<&str> = Vec::new();
    for number in release.split('.') {
        kept.push(number);
        if number != "0" {
            break;
        }
    }
    kept.join(".")
}

fn join(versions: &BTreeSet<String>) -> String {
    versions.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deps::package;

    const DUO: Known = Known {
        name: "duo",
        versions: &["0.2", "1"],
        reason: "a test",
    };

    fn tree(versions: &[(&str, &str)]) -> Vec<Package> {
        versions
            .iter()
            .map(|(name, version)| package(name, version, Some("MIT")))
            .collect()
    }

    #[test]
    fn compatibility_reaches_as_far_as_cargo_says() {
        assert_eq!(compatible("1.2.3"), "1");
        assert_eq!(compatible("0.2.3"), "0.2");
        assert_eq!(compatible("0.0.3"), "0.0.3");
        assert_eq!(compatible("0.0.0"), "0.0.0");
        assert_eq!(compatible("10.0.0-rc.1+build"), "10");
        assert_eq!(compatible("0.2.3-beta.0.1"), "0.2");
    }

    #[test]
    fn an_unknown_duplicate_is_found() {
        let found = check(&tree(&[("duo", "0.2.1"), ("duo", "1.0.0"), ("solo", "1.0.0")]), &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("duo is there in versions 0.2, 1:"), "{found:?}");
    }

    #[test]
    fn a_known_duplicate_is_accepted_in_exactly_its_versions() {
        assert_eq!(
            check(&tree(&[("duo", "0.2.1"), ("duo", "1.4.0")]), &[DUO]),
            Vec::<String>::new()
        );
        let found = check(&tree(&[("duo", "0.2.1"), ("duo", "1.4.0"), ("duo", "2.0.0")]), &[DUO]);
        assert_eq!(
            found,
            ["duplicates.rs lists duo in versions 0.2, 1, but found: 0.2, 1, 2"]
        );
    }

    #[test]
    fn a_stale_entry_is_found() {
        let one = check(&tree(&[("duo", "1.4.0")]), &[DUO]);
        assert_eq!(one, ["duplicates.rs lists duo in versions 0.2, 1, but found: 1"]);
        assert_eq!(
            check(&[], &[DUO]),
            ["duplicates.rs lists duo in versions 0.2, 1, but found: none"]
        );
    }

    #[test]
    fn every_entry_has_a_reason_and_deny_toml_skips_the_same_crates() {
        let text = std::fs::read_to_string(crate::cargo::root().join("deny.toml")).unwrap();
        let skips = text
            .split_once("\nskip = [")
            .and_then(|(_, rest)| rest.split_once("\n]"))
            .unwrap()
            .0;
        let skipped: BTreeSet<_> = skips
            .lines()
            .filter_map(|line| line.split_once("crate = \"")?.1.split('"').next())
            .collect();
        // cargo-deny skips all versions but the newest.
        let expected: BTreeSet<_> = KNOWN
            .iter()
            .flat_map(|known| {
                known
                    .versions
                    .iter()
                    .rev()
                    .skip(1)
                    .map(move |version| format!("{}@{version}", known.name))
            })
            .collect();
        assert_eq!(skipped, expected.iter().map(String::as_str).collect());
        assert!(KNOWN.iter().all(|known| !known.reason.is_empty()));
    }
}
