//! What a file keeps when a server ends, in order or not.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use native_runner::host::Store;
use native_runner::host::store::now;
use tokio::sync::Notify;

use crate::harness::{Origin, Running, configuration, get};
use crate::support::gateway::Directory;
use crate::support::wire::status;
use crate::support::{Upstream, Wire, eventually};

const FILE: &str = "file = \"store.redb\"";

/// How many values are in the file, without leases: a server that is killed holds those until they end by themselves.
fn values(directory: &Directory) -> usize {
    let store = Store::open(&directory.path().join("store.redb")).unwrap();
    let values = store.list("default", "", None, 99, now()).unwrap();
    values.iter().filter(|entry| !entry.key.starts_with("tollgate/cache/lease/")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_there_after_a_restart() {
    let (origin, directory) = (Origin::open().await, Directory::new());
    let text = configuration(&origin, FILE);
    let running = Running::start(directory.path(), 2, &text).await;
    let first = running.get("/a").await;
    assert_eq!((first.status, first.is_hit()), (200, false));
    eventually("it is written", || values(&directory) > 0).await;
    running.end().await;
    let running = Running::start(directory.path(), 2, &text).await;
    let second = running.get("/a").await;
    assert!(second.is_hit(), "{second:?}");
    assert_eq!((second.body, origin.asked()), (first.body, 1));
}

/// A server of its own process.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(directory: &Directory) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tollgate"))
            .arg("serve")
            .arg(directory.path())
            .args(["--listen", "127.0.0.1:0", "--admin", "off", "--workers", "2"])
            .env("RUST_LOG", "info")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let listens = lines.find_map(|line| Some(line.split_once("http://")?.1.to_owned())).unwrap();
        // Nobody may find the pipe closed.
        std::thread::spawn(move || lines.for_each(drop));
        let address = listens.split(',').next().unwrap().trim().parse().unwrap();
        Self { child, address }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An upstream that sends `whole` at once, and of anything else the second half when it is told to.
async fn halves(gate: &Arc<Notify>, asked: &Arc<AtomicUsize>) -> Upstream {
    let (gate, asked) = (Arc::clone(gate), Arc::clone(asked));
    Upstream::start(move |mut wire, _| {
        let (gate, asked) = (Arc::clone(&gate), Arc::clone(&asked));
        async move {
            while let Some((head, _)) = wire.next_request().await {
                asked.fetch_add(1, Ordering::SeqCst);
                let head = head.starts_with("GET /whole ");
                wire.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=3600\r\nContent-Length: 8\r\n\r\nhalf")
                    .await;
                if !head {
                    gate.notified().await;
                }
                wire.send("half").await;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_leaves_nothing_half() {
    let (gate, asked) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let upstream = halves(&gate, &asked).await;
    let directory = Directory::new();
    directory.write(
        "gateway.toml",
        &format!(
            "[store]\n{FILE}\n[upstreams.up]\nurl = \"http://{}\"\n\
             [[routes]]\nauth = \"public\"\nid = \"all\"\nupstream = \"up\"\ncache = true\n",
            upstream.address
        ),
    );
    let process = Process::start(&directory);
    while !get(process.address, "/whole").await.is_hit() {}
    let whole = asked.load(Ordering::SeqCst);
    let before = values(&directory);
    let mut client = Wire::connect(process.address).await;
    client.get("/half").await;
    assert_eq!(status(&client.head().await), 200);
    assert_eq!(client.exactly(4).await, b"half");
    drop(process);
    assert_eq!((values(&directory), asked.load(Ordering::SeqCst)), (before, whole + 1));

    let process = Process::start(&directory);
    let kept = get(process.address, "/whole").await;
    assert!(kept.is_hit(), "{kept:?}");
    assert_eq!((&*kept.body, asked.load(Ordering::SeqCst)), ("halfhalf", whole + 1));
    let half = async {
        // First it waits for the lease of the server that was killed, as long as the route says.
        let got = get(process.address, "/half").await;
        assert!(!got.is_hit(), "{got:?}");
        assert_eq!((got.status, &*got.body), (200, "halfhalf"));
    };
    let told = async {
        // It may be told before it waits.
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            gate.notify_waiters();
        }
    };
    tokio::select! { () = half => {}, () = told => {} }
    assert_eq!(asked.load(Ordering::SeqCst), whole + 2);
}
