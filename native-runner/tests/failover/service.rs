//! A service: a process of its own, which answers with its name.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::support::PATIENCE;
use crate::support::gateway::Directory;

/// An address that nobody has, and that nobody gets while a service is dead: below the ports that Linux chooses for
/// connections and for listeners without a wish (32768 and above), and another one for each service of this process.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 10_000).unwrap();
    std::iter::repeat_with(|| 20_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000)
        .map(|port| SocketAddr::from(([127, 0, 0, 1], port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .unwrap()
}

/// A service, alive or dead; killed when it is dropped.
pub struct Service {
    pub address: SocketAddr,
    child: Option<Child>,
    directory: Directory,
}

impl Service {
    /// A service at a port of its own, which it keeps however often it dies.
    pub fn start(name: &str) -> Self {
        let address = free_address();
        let directory = Directory::new();
        directory.write(
            "gateway.toml",
            &format!("[[routes]]\nid = \"all\"\nauth = \"public\"\nrespond = {{ body = \"{name}\" }}\n"),
        );
        let mut service = Self { address, child: None, directory };
        service.revive();
        service
    }

    /// Kills it, as the system does when memory is short: connections are reset, and nobody listens.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again, and waits until it listens.
    pub fn revive(&mut self) {
        self.kill();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .arg("serve")
            .arg(self.directory.path())
            .args(["--workers", "1", "--admin", "off", "--listen", &self.address.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = child.stderr.take().unwrap();
        std::thread::spawn(move || BufReader::new(said).lines().map_while(Result::ok).for_each(drop));
        self.child = Some(child);
        let begun = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            assert!(begun.elapsed() < PATIENCE, "a service does not listen");
            assert_eq!(self.child.as_mut().unwrap().try_wait().unwrap(), None, "a service has ended");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops it without telling anybody: connections are taken, and nothing is answered.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.child.as_ref().unwrap().id().to_string();
        let done = Command::new("kill").args([&format!("-{signal}"), &process]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}
