//! What `seawall doctor` says about who can come in.

use std::path::Path;

use seawall_server::{Config, Docs};

use super::doctor::{Finding, Grade};

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![key(config)];
    if !config.environment.is_dev() {
        findings.extend(outside_dev(config));
    }
    findings
}

/// The key with which everything can be done.
fn key(config: &Config) -> Finding {
    let finding = |grade, text: String| Finding::new("admin key", grade, text);
    let exposed = !config.environment.is_dev();
    match &config.credentials.admin {
        Some(key) if key.is_strong() => finding(Grade::Fine, "ADMIN_API_KEY gives it".to_owned()),
        Some(_) => {
            let text = "ADMIN_API_KEY is short enough to be guessed: make one with `openssl rand -hex 32`";
            finding(if exposed { Grade::Bad } else { Grade::Remark }, text.to_owned())
        }
        None => {
            let path = config.data_dir.join("admin.key");
            let shown = path.display();
            match readers(&path) {
                None => finding(Grade::Fine, format!("the first start makes it, in {shown}")),
                Some(0) => finding(Grade::Fine, format!("it is in {shown}")),
                Some(_) => {
                    let text = format!("other users can read {shown}: `chmod 600` it, and revoke the key if they did");
                    finding(if exposed { Grade::Bad } else { Grade::Remark }, text)
                }
            }
        }
    }
}

/// The rights of others than the owner. None: there is no such file.
fn readers(path: &Path) -> Option<u32> {
    let metadata = std::fs::metadata(path).ok()?;
    #[cfg(unix)]
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    #[cfg(not(unix))]
    let mode = {
        let _ = metadata;
        0
    };
    Some(mode & 0o077)
}

fn outside_dev(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if config.secret_key.is_guessable {
        let text = "SECRET_KEY can be guessed: make one with `openssl rand -base64 48`";
        findings.push(Finding::new("secret key", Grade::Bad, text));
    }
    let mut remark = |check, text: &str| findings.push(Finding::new(check, Grade::Remark, text));
    if config.edge.proxies.is_empty() {
        remark(
            "https",
            "TRUSTED_PROXIES is not set: no request counts as HTTPS, so all but the probes are refused. Name the proxy that \
             speaks HTTPS",
        );
    }
    if config.metrics_port.is_some() && !config.host.is_loopback() {
        remark(
            "metrics",
            "METRICS_PORT is set, and HOST can be reached: whoever reaches that port reads names of workflows and routes",
        );
    }
    if config.docs == Docs::Public {
        remark(
            "docs",
            "DOCS is public: everybody who can call can read the API's description",
        );
    }
    if config.http_step_allow_private {
        remark(
            "http steps",
            "HTTP_STEP_ALLOW_PRIVATE is true: whoever writes definitions can call addresses of this network",
        );
    }
    if config.command_steps {
        remark(
            "command steps",
            "COMMAND_STEPS is true: whoever writes definitions can run programs of this machine",
        );
    }
    findings
}
