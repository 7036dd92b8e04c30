//! Bodies of any size pass in constant memory. Alone in its process, which is measured.

#![allow(clippy::disallowed_methods, reason = "a thread that only looks")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "support/shared.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use support::h2::{Client, post, send};
use support::{Gateway, Upstream, gateway::proxy, wire::status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
/// How much more may be in use while a body passes than before.
const ROOM: u64 = 32 * MIB;
const PIECE: usize = 1 << 16;

#[tokio::test]
async fn a_gigabyte_passes_in_constant_memory() {
    let gateway = start().await;
    for (name, way) in [("warm-up", 0), ("up, 1.1", 0), ("down, 1.1", 1), ("up, 2", 2), ("down, 2", 3)] {
        let size = if name == "warm-up" { 8 * MIB } else { GIB };
        let watch = Watch::start();
        match way {
            0 => upload_http1(&gateway, size).await,
            1 => download_http1(&gateway, size).await,
            2 => upload_http2(&gateway, size).await,
            _ => download_http2(&gateway, size).await,
        }
        let growth = watch.growth();
        println!("{name}: {} MiB in {} KiB", size / MIB, growth >> 10);
        assert!(growth < ROOM, "{name}: {} MiB more in use", growth / MIB);
    }
}

/// A gateway in front of an upstream that counts what is sent to it, or sends as much as it is asked for.
async fn start() -> Gateway {
    let upstream = Upstream::start(|mut wire, _| async move {
        while wire.goes_on().await {
            let head = wire.head().await;
            let path = head.split(' ').nth(1).unwrap().to_owned();
            if head.starts_with("GET") {
                let size: u64 = path[1..].parse().unwrap();
                wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")).await;
                for _ in 0..size / PIECE as u64 {
                    wire.stream.write_all(&[b'x'; PIECE]).await.unwrap();
                }
                continue;
            }
            let size = support::wire::field(&head, "content-length").unwrap().parse().unwrap();
            let mut count = wire.take_unread();
            let mut piece = vec![0; PIECE];
            while count < size {
                count += wire.stream.read(&mut piece).await.unwrap() as u64;
            }
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
    })
    .await;
    Gateway::start("", &proxy(upstream.address, "limits = { body = \"off\" }"))
}

async fn upload_http1(gateway: &Gateway, size: u64) {
    let mut client = gateway.connect().await;
    client.send(format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n")).await;
    for _ in 0..size / PIECE as u64 {
        client.stream.write_all(&[b'x'; PIECE]).await.unwrap();
    }
    assert_eq!(client.status().await, 200);
}

async fn download_http1(gateway: &Gateway, size: u64) {
    let mut client = gateway.connect().await;
    client.get(&format!("/{size}")).await;
    assert_eq!(status(&client.head().await), 200);
    let mut count = client.take_unread();
    let mut piece = vec![0; PIECE];
    while count < size {
        count += client.stream.read(&mut piece).await.unwrap() as u64;
    }
    assert_eq!(count, size);
}

async fn upload_http2(gateway: &Gateway, size: u64) {
    let client = Client::connect(gateway.address).await;
    let mut request = post("/");
    request.headers_mut().insert("content-length", size.into());
    let (answer, mut stream) = client.open(request, false).await;
    let piece = Bytes::from(vec![b'x'; PIECE]);
    let last = size / PIECE as u64 - 1;
    for number in 0..=last {
        send(&mut stream, piece.clone(), number == last).await.unwrap();
    }
    assert_eq!(answer.await.unwrap().status(), 200);
}

async fn download_http2(gateway: &Gateway, size: u64) {
    let client = Client::connect(gateway.address).await;
    let (answer, _) = client.open(support::h2::get(&format!("/{size}")), true).await;
    let mut body = answer.await.unwrap().into_body();
    let mut count = 0;
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        count += data.len() as u64;
        body.flow_control().release_capacity(data.len()).unwrap();
    }
    assert_eq!(count, size);
}

/// Watches how much memory the process has in use.
struct Watch {
    before: u64,
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Watch {
    #[allow(clippy::disallowed_methods, reason = "a thread that does nothing but watch")]
    fn start() -> Self {
        let watch = Self { before: in_use(), most: Arc::default(), over: Arc::default() };
        let (most, over) = (Arc::clone(&watch.most), Arc::clone(&watch.over));
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(in_use(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        watch
    }

    fn growth(&self) -> u64 {
        self.most.load(Ordering::Relaxed).max(in_use()).saturating_sub(self.before)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// The resident set (proc_pid_statm(5)), in bytes.
fn in_use() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * rustix::param::page_size() as u64
}
