//! Sends a case to a server and looks at what comes back and what arrived upstream.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::requests::{Case, Expect};
use crate::support::Gateway;

/// What must never be read as a request after one that was refused.
const SMUGGLED: &[u8] = b"GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n";
const SECOND: &[u8] = b"GET /second HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";

/// An upstream that keeps every byte it gets and answers complete requests with 200.
pub struct Recorder {
    pub address: SocketAddr,
    connections: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Recorder {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(record(stream, Arc::clone(&shared)));
            }
        });
        Self { address, connections }
    }

    /// Everything since the last time, by connection.
    pub fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.connections.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Records one connection.
async fn record(mut stream: TcpStream, all: Arc<Mutex<Vec<Vec<u8>>>>) {
    let mut bytes = Vec::new();
    while let Ok(1..) = stream.read_buf(&mut bytes).await {
        if is_complete(&bytes) {
            all.lock().unwrap_or_else(PoisonError::into_inner).push(std::mem::take(&mut bytes));
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
    }
    if !bytes.is_empty() {
        all.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

/// Whether `bytes` are a complete request.
fn is_complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    if head.contains("transfer-encoding: chunked") {
        return body == "0\r\n\r\n" || (body.contains("\r\n0\r\n") && body.ends_with("\r\n\r\n"));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.trim().parse().unwrap())
}

/// What came of a case.
#[derive(Debug)]
pub struct Outcome {
    /// The statuses of all answers but interim ones.
    pub statuses: Vec<u16>,
    pub answer: String,
    /// Whether the server closed the connection.
    pub closed: bool,
    /// The texts of the complete requests upstream, and of the others.
    pub upstream: Vec<String>,
    pub broken: Vec<String>,
}

/// Sends `case` and after it a further request, cut in two after `cut` bytes.
pub async fn send(server: SocketAddr, recorder: &Recorder, case: &Case, cut: usize) -> Outcome {
    let further = if matches!(case.expect, Expect::Refused(_)) { SMUGGLED } else { SECOND };
    let bytes = [&case.bytes(), further].concat();
    let (first, rest) = bytes.split_at(cut.min(bytes.len()));
    recorder.take();
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let _ = stream.write_all(first).await;
    if !first.is_empty() {
        sleep(Duration::from_millis(2)).await;
    }
    let _ = stream.write_all(rest).await;
    let mut answer = Vec::new();
    let closed =
        matches!(timeout(Duration::from_millis(1500), stream.read_to_end(&mut answer)).await, Ok(Ok(_)));
    outcome(answer, closed, recorder.take())
}

/// Puts together what is known.
fn outcome(answer: Vec<u8>, closed: bool, recorded: Vec<Vec<u8>>) -> Outcome {
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let statuses =
        answer.match_indices("HTTP/1.").filter_map(|(at, _)| answer.get(at + 9..at + 12)?.parse().ok());
    let (complete, broken): (Vec<_>, Vec<_>) = recorded.into_iter().partition(|bytes| is_complete(bytes));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Outcome {
        statuses: statuses.filter(|status| *status >= 200).collect(),
        closed,
        upstream: complete.into_iter().map(text).collect(),
        broken: broken.into_iter().map(text).collect(),
        answer,
    }
}

/// Runs one case in one piece and in two, in several places; what is wrong with what came of it.
pub async fn run(gateway: &Gateway, recorder: &Recorder, case: &Case) -> Result<(), String> {
    let length = case.bytes().len();
    for cut in [0, 1, 17, length / 2, length.saturating_sub(1), length] {
        let outcome = send(gateway.address, recorder, case, cut).await;
        let records = gateway.take_records(outcome.statuses.len()).await;
        judge(case, &outcome).and_then(|()| judge_records(&outcome, &records)).map_err(|wrong| {
            format!("{} ({}), cut at {cut}: {wrong}\n  {:?}: {outcome:?}", case.name, case.rule, case.expect)
        })?;
    }
    Ok(())
}

/// What is wrong with the access log: a record for each answer, in order.
fn judge_records(outcome: &Outcome, records: &[Value]) -> Result<(), String> {
    let statuses: Vec<_> = records.iter().map(|record| record["status"].as_u64().unwrap()).collect();
    if !statuses.iter().eq(outcome
        .statuses
        .iter()
        .map(|status| u64::from(*status))
        .collect::<Vec<_>>()
        .iter())
    {
        return Err(format!("other records: {records:?}"));
    }
    let refused = records.iter().find(|record| record["status"].as_u64() >= Some(400));
    match refused {
        Some(record) if record["outcome"] == "answered" || record.to_string().contains("TOLLGATE") => {
            Err(format!("a misleading record: {record}"))
        }
        _ => Ok(()),
    }
}

/// What is wrong with an outcome.
fn judge(case: &Case, outcome: &Outcome) -> Result<(), String> {
    let (expected, second) = match case.expect {
        Expect::Refused(status) => return judge_refused(status, outcome),
        Expect::Own(status) if outcome.statuses == [status, 200] && outcome.upstream.len() == 1 => {
            return Ok(());
        }
        Expect::Own(_) => return Err("not answered here".into()),
        Expect::Accepted(expected) => (expected, true),
        Expect::Last(expected) => (expected, false),
    };
    if !outcome.closed || outcome.statuses != vec![200; 1 + usize::from(second)] {
        return Err("not accepted".into());
    }
    let [request, more @ ..] = &outcome.upstream[..] else { return Err("nothing upstream".into()) };
    if !outcome.broken.is_empty() || more.len() != usize::from(second) {
        return Err("other requests upstream".into());
    }
    if more.iter().any(|more| !more.starts_with("GET /second HTTP/1.1\r\n")) {
        return Err("another second request upstream".into());
    }
    for part in expected {
        let found = |part: &str| request.contains(part) || request.to_lowercase().contains(part);
        match part.strip_prefix('!') {
            Some(part) if found(part) => return Err(format!("{part:?} upstream")),
            None if !found(part) => return Err(format!("no {part:?} upstream")),
            _ => {}
        }
    }
    Ok(())
}

/// What is wrong with the outcome of a case that has to be refused.
fn judge_refused(status: u16, outcome: &Outcome) -> Result<(), String> {
    if outcome.statuses != [status] {
        return Err("another status".into());
    }
    if !outcome.closed {
        return Err("not closed".into());
    }
    let head = outcome.answer.to_lowercase();
    if !head.contains("connection: close\r\n") || !head.contains("application/problem+json") {
        return Err("no problem document, or no announcement of the end".into());
    }
    if !outcome.upstream.is_empty() {
        return Err("a request upstream".into());
    }
    // What began before its fault was seen must stay without its end, and without what came after it.
    if outcome.broken.iter().any(|broken| broken.contains("smuggled")) {
        return Err("read on upstream".into());
    }
    Ok(())
}
