//! A real `redis-server` of a test's own: on a free port, in a directory of its own, gone with the value.

#![allow(dead_code, reason = "each test uses a part")]
#![allow(clippy::disallowed_methods, reason = "a test's own thread may sleep")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Where this environment variable is set, tests that need Redis are left out.
pub const WITHOUT: &str = "TOLLGATE_WITHOUT_REDIS";

/// How long a server may take to answer after its start, or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running (or stopped, or paused) server.
pub struct Redis {
    directory: PathBuf,
    port: u16,
    arguments: Vec<String>,
    child: Option<Child>,
}

/// Whether there is a Redis to test with. Without one a test fails and says what to do, unless it is to be left out.
pub fn is_there() -> bool {
    if std::env::var_os(WITHOUT).is_some() {
        eprintln!("left out: {WITHOUT} is set");
        return false;
    }
    let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
    if let Err(error) = found {
        panic!(
            "redis-server cannot be run ({error}): install it (apt-get install redis-server, brew install redis), or \
             set {WITHOUT}=1 to leave out the tests that need it"
        );
    }
    true
}

/// A port that nobody listens on just now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

// === impl Redis ===

impl Redis {
    /// A server that keeps nothing when it ends.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// A server that keeps on disk what it was told, from the moment it answers.
    pub fn lasting() -> Self {
        Self::with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// A server with more arguments: `["--requirepass", "secret"]`.
    pub fn with(arguments: &[&str]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("tollgate-redis-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let mut redis = Self { directory, port: 0, arguments, child: None };
        // Somebody may take the port before the server does.
        for _ in 0..5 {
            redis.port = free_port();
            if redis.spawn() {
                return redis;
            }
        }
        panic!("redis-server does not start: {}", redis.log());
    }

    /// `redis://` and where it listens.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its directory, which goes with it.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Ends it as a crash does: nothing is written any more.
    pub fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    /// Ends it as an operator does.
    pub fn stop(&mut self) {
        self.end(Signal::TERM);
    }

    /// Starts it again after [`Self::kill`] or [`Self::stop`], on the same port, with what it kept.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs");
        assert!(self.spawn(), "redis-server does not start again: {}", self.log());
    }

    /// It answers nothing any more, but its connections stay.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on after [`Self::pause`].
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// What `redis-cli` prints when it is given `arguments`; without the last newline.
    pub fn cli(&self, arguments: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli").args(["-p", &port]).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "redis-cli {arguments:?}: {text}{complaint}");
        text.trim_end_matches('\n').to_owned()
    }

    fn spawn(&mut self) -> bool {
        let log = std::fs::File::create(self.directory.join("log")).unwrap();
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.arg("--dir").arg(&self.directory).args(["--daemonize", "no"]).args(&self.arguments);
        command.stdin(Stdio::null()).stderr(log.try_clone().unwrap()).stdout(log);
        self.child = Some(command.spawn().unwrap());
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if self.has_ended() {
                return false;
            }
            if self.answers().unwrap_or(false) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Whether it answers.
    fn answers(&self) -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&self.address(), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"PING\r\n")?;
        let mut said = [0; 64];
        let length = stream.read(&mut said)?;
        let said = &said[..length];
        // A server that wants a password or a certificate answers too; one that reads its file does not yet.
        Ok(!said.is_empty() && !said.starts_with(b"-LOADING"))
    }

    fn has_ended(&mut self) -> bool {
        let ended = self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some());
        if ended {
            self.child = None;
        }
        ended
    }

    fn end(&mut self, signal: Signal) {
        let Some(mut child) = self.child.take() else { return };
        let _ = kill_process(Pid::from_child(&child), signal);
        let until = Instant::now() + PATIENCE;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > until {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(self.child.as_ref().expect("it runs")), signal).unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.end(Signal::KILL);
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
