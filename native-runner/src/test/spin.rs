//! Spin as a host for cases: `spin up` with an application made for the case.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tollgate::config::Upstream;
use tollgate::plan::{Abilities, Plan};

use super::{Running, Setup};

/// What Spin is started with.
#[derive(Debug)]
pub struct Application {
    /// The binary, `SPIN_BIN`.
    pub binary: PathBuf,
    /// The frozen core module.
    pub module: PathBuf,
    /// An empty directory for the manifest and Spin's state.
    pub directory: PathBuf,
}

/// How long Spin may take until it accepts connections: it compiles the module first.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts Spin with `application`, which has the configuration of `setup` frozen in.
pub async fn up(application: &Application, setup: &Setup) -> anyhow::Result<Running> {
    let manifest = application.directory.join("spin.toml");
    std::fs::write(&manifest, manifest_of(&application.module, setup))?;
    let address = free_address().await?;
    let mut command = Command::new(&application.binary);
    command.arg("up").arg("--from").arg(&manifest).arg("--listen").arg(address.to_string());
    command.arg("--state-dir").arg(application.directory.join("state")).arg("--quiet");
    for (name, value) in &setup.variables {
        command.env(format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()), value);
    }
    for (key, value) in &setup.stored {
        command.arg("--key-value").arg(format!("{key}={value}"));
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
    let mut child =
        command.spawn().with_context(|| format!("{} cannot be run", application.binary.display()))?;
    accepting(address, &mut child).await?;
    let stop = Box::pin(async move {
        // It has nothing to finish.
        let _ = child.kill().await;
    });
    Ok(Running { address, log: None, deferred: None, stop })
}

/// A manifest of one component that may call the case's origins and nothing else.
fn manifest_of(module: &Path, setup: &Setup) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text =
        String::from("spin_manifest_version = 2\n\n[application]\nname = \"case\"\nversion = \"0.1.0\"\n\n");
    text.push_str("[[trigger.http]]\nroute = \"/...\"\ncomponent = \"gateway\"\n\n[component.gateway]\n");
    let outbound: Vec<_> = origins(setup).iter().map(|origin| quoted(origin)).collect();
    let source = quoted(&module.to_string_lossy());
    // A string of JSON is one of TOML too.
    let _ = writeln!(text, "source = {source}\nallowed_outbound_hosts = [{}]", outbound.join(", "));
    text.push_str("key_value_stores = [\"default\"]\n");
    if !setup.variables.is_empty() {
        text.push_str(&variables(&setup.variables));
    }
    text
}

/// Only those that have a value: one that is declared and has none would keep Spin from starting.
fn variables(variables: &BTreeMap<String, String>) -> String {
    let mut declared = String::from("\n[variables]\n");
    let mut used = String::from("\n[component.gateway.variables]\n");
    for name in variables.keys() {
        let _ = writeln!(declared, "{name} = {{ required = true, secret = true }}");
        let _ = writeln!(used, "{name} = \"{{{{ {name} }}}}\"");
    }
    declared + &used
}

fn origins(setup: &Setup) -> Vec<String> {
    let upstreams = setup.documents.iter().flat_map(|(_, document)| document.upstreams.values());
    let mut origins: Vec<_> = upstreams
        .flat_map(Upstream::urls)
        .map(|url| url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/"))
        .collect();
    // Redis, and whatever else the gateway calls by itself.
    if let Ok((plan, _)) = Plan::compile(&setup.documents, &Abilities::ATOMIC) {
        origins.extend(plan.called.iter().map(|(address, _)| address.to_string()));
    }
    origins.sort();
    origins.dedup();
    origins
}

async fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()
}

async fn accepting(address: SocketAddr, child: &mut Child) -> anyhow::Result<()> {
    let begun = tokio::time::Instant::now();
    while TcpStream::connect(address).await.is_err() {
        if let Some(status) = child.try_wait()? {
            anyhow::bail!("Spin ended with {status} before it listened");
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "Spin does not listen after {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tollgate::config::Document;

    use super::*;

    #[test]
    fn manifests_allow_the_origins_only() {
        let mut document = Document::default();
        let upstream = |url: &str| Upstream { url: Some(url.to_owned()), ..Upstream::default() };
        document.upstreams.insert("a".to_owned(), upstream("http://127.0.0.1:4711/base"));
        document.upstreams.insert("b".to_owned(), upstream("http://127.0.0.1:4711"));
        let variables = BTreeMap::from([("token".to_owned(), "s3cret".to_owned())]);
        let text = manifest_of(
            Path::new("/tmp/a.wasm"),
            &Setup { documents: vec![(String::new(), document)], variables, stored: BTreeMap::new() },
        );
        assert!(text.contains("allowed_outbound_hosts = [\"http://127.0.0.1:4711\"]"), "{text}");
        assert!(text.contains("token = \"{{ token }}\"") && !text.contains("s3cret"), "{text}");
    }
}
