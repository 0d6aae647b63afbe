//! Crates come from crates.io: a release there stays what it was, a branch of a repository does not.

use crate::metadata::Package;

pub(super) const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(packages: &[Package]) -> Vec<String> {
    packages
        .iter()
        .filter_map(|package| match package.source.as_deref() {
            None | Some(CRATES_IO) => None,
            Some(other) => Some(format!(
                "{} {} comes from {other}, not from crates.io",
                package.name, package.version
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deps::package;

    #[test]
    fn a_crate_from_a_repository_is_found() {
        let mut odd = package("odd", "0.1.0", Some("MIT"));
        odd.source = Some("git+https://example.org/odd#1".to_owned());
        let mut own = package("own", "0.1.0", Some("MIT"));
        own.source = None;
        let found = check(&[package("fine", "1.0.0", Some("MIT")), odd, own]);
        assert_eq!(
            found,
            ["odd 0.1.0 comes from git+https://example.org/odd#1, not from crates.io"]
        );
    }
}
