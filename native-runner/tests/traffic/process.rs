//! The real program: signals, its log, and its exit status.

use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::support::gateway::Directory;
use crate::support::wire::status;
use crate::support::{Upstream, Wire};

/// The program, and the lines it says on standard error and on standard output.
pub struct Program {
    pub child: Child,
    said: Receiver<String>,
    logged: Receiver<String>,
}

impl Program {
    pub fn start(directory: &Directory) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .arg("serve")
            .arg(directory.path())
            .args(["--access-log", "json", "--workers", "1"])
            .env("RUST_LOG", "info")
            .env("TOLLGATE_VARIABLE_ADMIN_TOKEN", "operator-s3cret")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = lines(child.stderr.take().unwrap());
        let logged = lines(child.stdout.take().unwrap());
        Self { child, said, logged }
    }

    /// The rest of the next line that has `text` in it.
    pub fn says(&self, text: &str) -> String {
        loop {
            let line = self
                .said
                .recv_timeout(Duration::from_secs(20))
                .unwrap_or_else(|_| panic!("never says {text:?}"));
            if let Some((_, rest)) = line.split_once(text) {
                return rest.to_owned();
            }
        }
    }

    pub fn address(&self, before: &str) -> SocketAddr {
        let rest = self.says(before);
        rest.split(',').next().unwrap().trim().parse().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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

fn configuration(upstream: &Upstream, answer: &str) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n[upstreams.up]\nurl = \"http://{}\"\n\
         [[routes]]\nauth = \"public\"\nid = \"up\"\nupstream = \"up\"\nmatch.path = \"/slow\"\n\
         [[routes]]\nauth = \"public\"\nid = \"fixed\"\nrespond = {{ status = 200, body = \"{answer}\" }}\n",
        upstream.address
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signals_reload_and_stop() {
    let upstream = Upstream::start(|mut wire, _| async move {
        wire.next_request().await;
        sleep(Duration::from_millis(500)).await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow").await;
    })
    .await;
    let directory = Directory::new();
    directory.write("gateway.toml", &configuration(&upstream, "one"));
    let mut program = Program::start(&directory);
    let address = program.address("listening on http://");
    let admin = program.address("the operator's address is http://");
    let mut client = Wire::connect(address).await;
    client.get("/").await;
    assert_eq!(client.message().await.1, "one");

    // By itself when the files change; on SIGHUP, whether they have or not; and a broken one not at all.
    directory.write("gateway.toml", &configuration(&upstream, "two"));
    program.says("the configuration was read again");
    client.get("/").await;
    assert_eq!(client.message().await.1, "two");
    program.signal(Signal::HUP);
    program.says("the configuration was read again");
    directory.write("gateway.toml", "nonsense");
    program.says("the one before stays in force");
    client.get("/").await;
    assert_eq!(client.message().await.1, "two");

    client.get("/slow").await;
    sleep(Duration::from_millis(100)).await;
    program.signal(Signal::TERM);
    program.says("stopping");
    let mut operator = Wire::connect(admin).await;
    operator.get("/readyz").await;
    assert_eq!(operator.status().await, 503);
    operator.get("/livez").await;
    assert_eq!(operator.status().await, 200);
    let (head, body) = client.message().await;
    assert_eq!((status(&head), &*body), (200, "slow"));
    program.says("stopped");
    assert_eq!(program.child.wait().unwrap().code(), Some(0));
    // Every line was written before the end, the last one's too.
    let logged: Vec<_> = program.logged.iter().collect();
    assert_eq!(logged.len(), 4, "{logged:?}");
    assert!(
        logged[3].contains("\"path\":\"/slow\"") && logged[3].contains("\"outcome\":\"answered\""),
        "{logged:?}"
    );
}
