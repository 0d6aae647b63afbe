//! `cargo xtask deps`: may we ship what we depend on?
//!
//! Read from `cargo metadata` over all targets and features: every crate's licence expression holds with the licences
//! we accept, every crate comes from crates.io, and a crate that is there in several incompatible versions is known,
//! with the reason. `deny.toml` says the same to cargo-deny, which adds the advisories; a test keeps the two equal.

mod duplicates;
mod licences;
mod sources;
mod spdx;

use std::process::ExitCode;

use crate::metadata::Metadata;
use crate::verdict::settle;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let metadata = Metadata::of_everything()?;
    let mut findings = licences::check(&metadata.packages);
    findings.extend(sources::check(&metadata.packages));
    findings.extend(duplicates::check(&metadata.packages, &duplicates::KNOWN));
    let good = format!(
        "{} crates, {} known in several versions",
        metadata.packages.len(),
        duplicates::KNOWN.len()
    );
    settle("deps", &findings, &good)
}

/// A package as a test needs one.
#[cfg(test)]
fn package(name: &str, version: &str, license: Option<&str>) -> crate::metadata::Package {
    crate::metadata::Package {
        id: format!("{name}@{version}"),
        name: name.to_owned(),
        version: version.to_owned(),
        license: license.map(str::to_owned),
        source: Some(sources::CRATES_IO.to_owned()),
        manifest_path: std::path::PathBuf::new(),
        dependencies: Vec::new(),
        features: std::collections::BTreeMap::new(),
    }
}
