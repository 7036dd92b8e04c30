//! The gateways: processes of the program, as people start them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::gateway::Directory;

/// How long a gateway may take to listen: a component is compiled first.
const START: Duration = Duration::from_secs(120);

/// A gateway; it is killed when it is dropped.
pub struct Member {
    pub name: &'static str,
    pub address: SocketAddr,
    child: Child,
    log: Arc<Mutex<Vec<Value>>>,
    _directory: Directory,
}

/// The gateways.
pub struct Fleet(pub Vec<Member>);

// === impl Fleet ===

impl Fleet {
    /// Two native servers with `native` and one component with `component` as configuration.
    pub fn start(native: &str, component: &str) -> Self {
        let third = if cfg!(feature = "component") {
            Member::component(component)
        } else {
            Member::native("native c", component)
        };
        Self(vec![Member::native("native a", native), Member::native("native b", native), third])
    }

    /// What the access logs say of the limit, with how often they say it.
    pub fn outcomes(&self) -> BTreeMap<&'static str, usize> {
        let mut all = BTreeMap::new();
        for outcome in self.0.iter().flat_map(Member::outcomes) {
            *all.entry(outcome).or_default() += 1;
        }
        all
    }

    /// Waits until the access logs have `count` lines together.
    pub async fn await_log(&self, count: usize) {
        let begun = Instant::now();
        let logged = || self.0.iter().map(|member| member.log.lock().unwrap().len()).sum::<usize>();
        while logged() < count {
            assert!(begun.elapsed() < crate::support::PATIENCE, "{} lines of {count} are logged", logged());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

// === impl Member ===

impl Member {
    fn native(name: &'static str, configuration: &str) -> Self {
        let directory = Directory::new();
        directory.write("gateway.toml", configuration);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.arg("serve").arg(directory.path()).args(["--workers", "2"]);
        Self::spawn(name, command, directory)
    }

    /// Freezes the configuration into the component that scripts/component.sh has made, and serves it.
    fn component(configuration: &str) -> Self {
        let directory = Directory::new();
        directory.write("gateway.toml", configuration);
        let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("component");
        let out = directory.path().join("out");
        let built = Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .arg("build")
            .arg(directory.path())
            .arg("--out")
            .arg(&out)
            .arg("--modules")
            .arg(&modules)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&built.stderr).into_owned();
        assert!(built.status.success(), "{said}\nMake the modules with: scripts/component.sh");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        // Redis is Spin's interface: the other artifact has none.
        command.arg("serve").arg("--component").arg(out.join("tollgate.spin.wasm")).arg(directory.path());
        Self::spawn("component", command, directory)
    }

    fn spawn(name: &'static str, mut command: Command, directory: Directory) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--admin", "off"])
            .env("RUST_LOG", "info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = lines(child.stderr.take().unwrap());
        let log = Arc::<Mutex<Vec<Value>>>::default();
        let (logged, kept) = (lines(child.stdout.take().unwrap()), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in logged {
                // The component's host has lines of its own.
                if let Ok(line) = serde_json::from_str(&line) {
                    kept.lock().unwrap().push(line);
                }
            }
        });
        let address = address(name, &said);
        Self { name, address, child, log, _directory: directory }
    }

    fn outcomes(&self) -> Vec<&'static str> {
        self.log.lock().unwrap().iter().map(outcome).collect()
    }
}

/// What the limit came to, as a line of the access log has it.
fn outcome(line: &Value) -> &'static str {
    let names = |key: &str| line[key].as_array().is_some_and(|names| names.iter().any(|name| name == "all"));
    match (names("limited"), names("limits_unavailable")) {
        (true, true) => "denied without the store",
        (false, true) => "allowed without the store",
        (true, false) => "refused",
        (false, false) => "admitted",
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where it listens, as it says itself; what it says later is thrown away.
fn address(name: &str, said: &Receiver<String>) -> SocketAddr {
    let mut before = Vec::new();
    loop {
        let line = said.recv_timeout(START).unwrap_or_else(|_| panic!("{name} does not listen: {before:?}"));
        if let Some((_, rest)) = line.split_once("http://") {
            return rest.split(',').next().unwrap().trim().parse().unwrap();
        }
        before.push(line);
    }
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}
