//! The real server in this process, on a configuration of the test's own.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use native_runner::host::Variables;
use native_runner::observe::AccessLog;
use native_runner::serve::{Server, Settings};
use serde_json::Value;
use tollgate::plan::Abilities;

use super::{eventually, wire::Wire};

/// A running gateway; it drains when it is dropped.
pub struct Gateway {
    pub server: Arc<Server>,
    pub address: SocketAddr,
    pub directory: Directory,
    log: Log,
}

/// A directory that is removed again.
pub struct Directory(PathBuf);

/// The access log's bytes.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Gateway {
    /// One worker, with these keys in `server`, and the rest of the configuration.
    pub fn start(server: &str, rest: &str) -> Self {
        Self::with(Directory::new(), 1, server, rest)
    }

    /// The same in a directory that has files already.
    pub fn with(directory: Directory, workers: usize, server: &str, rest: &str) -> Self {
        directory.write("gateway.toml", &text(server, rest));
        let configuration = native_runner::load::load(directory.path(), &Abilities::NATIVE);
        let plan = match configuration {
            Ok(configuration) => Arc::new(configuration.plan),
            Err(diagnostics) => panic!("{}", native_runner::load::report(&diagnostics)),
        };
        let log = Log::default();
        let settings = Settings {
            directory: directory.path().to_owned(),
            variables: Arc::new(Variables::default()),
            access_log: AccessLog::to(false, log.clone()).unwrap(),
            workers,
            upkeep: true,
        };
        let server = Arc::new(Server::start(plan, &settings).unwrap());
        let address = server.addresses()[0].0;
        Self { server, address, directory, log }
    }

    /// A new connection.
    pub async fn connect(&self) -> Wire {
        Wire::connect(self.address).await
    }

    /// The records of the access log, once there are `count`.
    pub async fn records(&self, count: usize) -> Vec<Value> {
        eventually("the access log", || self.log.records().len() >= count).await;
        self.log.records()
    }

    /// The only record.
    pub async fn record(&self) -> Value {
        let mut records = self.records(1).await;
        assert_eq!(records.len(), 1, "{records:?}");
        records.remove(0)
    }

    /// Waits until nothing is in flight, and takes what was logged.
    pub async fn take_records(&self, count: usize) -> Vec<Value> {
        let records = self.records(count).await;
        self.log.0.lock().unwrap().clear();
        records
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.start_drain();
    }
}

/// A whole configuration file.
pub fn text(server: &str, rest: &str) -> String {
    let listen = if server.contains("listen") { "" } else { "listen = \"127.0.0.1:0\"\n" };
    format!("[server]\nadmin = \"off\"\n{listen}{server}\n{rest}")
}

/// One route for everything to one upstream, with more keys for the route.
pub fn proxy(upstream: SocketAddr, route: &str) -> String {
    format!(
        "[upstreams.up]\nurl = \"http://{upstream}\"\n\
         [[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"up\"\n{route}"
    )
}

impl Directory {
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tollgate-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Replaces a file in one step, as careful editors do.
    pub fn write(&self, name: &str, text: &str) {
        let new = self.0.join(format!(".{name}.new"));
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.0.join(name)).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Log {
    /// All of it.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn records(&self) -> Vec<Value> {
        let bytes = self.0.lock().unwrap();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let lines = bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
