//! The part of `cargo metadata` that the checks read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::cargo::cargo;

#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    pub(crate) target_directory: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression, as the crate states it.
    pub(crate) license: Option<String>,
    /// The registry or repository it comes from; nothing for a crate of this workspace.
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
    /// By name, with what each asks for.
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Option<Kind>,
}

/// Cargo writes `null` for an ordinary dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Dev,
    Build,
}

impl Metadata {
    /// The workspace's own packages only. Needs neither registry nor network.
    pub(crate) fn of_workspace() -> anyhow::Result<Self> {
        Self::read(&["--no-deps"])
    }

    /// Every package that any target, feature or test may pull in.
    pub(crate) fn of_everything() -> anyhow::Result<Self> {
        Self::read(&["--all-features"])
    }

    fn read(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = cargo("metadata");
        command
            .args(["--format-version", "1", "--locked"])
            .args(arguments)
            .stderr(std::process::Stdio::inherit());
        let output = command.output().context("start cargo metadata")?;
        if !output.status.success() {
            bail!("cargo metadata failed: {}", output.status);
        }
        serde_json::from_slice(&output.stdout).context("read what cargo metadata says")
    }

    pub(crate) fn rooms(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }
}
