//! A Redis server that can be stopped, killed and started again, and forgets nothing that it has answered.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::PATIENCE;
use crate::support::gateway::Directory;

/// A server on a port of its own; it ends when it is dropped.
pub struct Redis {
    child: Child,
    directory: Directory,
    pub address: SocketAddr,
}

// === impl Redis ===

impl Redis {
    /// Starts one.
    pub fn start() -> Self {
        let directory = Directory::new();
        // Somebody else may take the port in between, but hardly ever does.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let redis = Self { child: spawn(&directory, address), directory, address };
        redis.answers();
        redis
    }

    /// It does nothing any more, and its connections stay.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// It is gone, without having been told so.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
    }

    /// It is there again, with everything that it had written.
    pub fn restart(&mut self) {
        self.child = spawn(&self.directory, self.address);
        self.answers();
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until it answers; also when it reads what it had written.
    fn answers(&self) {
        let begun = Instant::now();
        while !self.pong() {
            assert!(begun.elapsed() < PATIENCE, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn pong(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else { return false };
        let mut answer = [0; 5];
        stream.write_all(b"PING\r\n").is_ok() && stream.read_exact(&mut answer).is_ok() && &answer == b"+PONG"
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(directory: &Directory, address: SocketAddr) -> Child {
    // What it has answered is on the disk: a permit that somebody was told of is there again.
    let port = address.port().to_string();
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port, "--save", ""])
        .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
        .arg(directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("redis-server: {error}\nDebian's package redis-server has it"))
}
