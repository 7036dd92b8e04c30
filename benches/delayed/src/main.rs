//! A backend whose answers take a stated time, and a client that waits for the slowest of several.
//!
//! ```text
//! delayed serve ADDRESS FILE                  GET /after/10000/…: a small answer after so many microseconds; /file: that file
//! delayed ask ADDRESS PATH AT_ONCE SECONDS    prints how often, and p50, p99 and mean in microseconds
//! ```

use std::io::{self, Error, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// What every delayed answer says: of the size of a small record.
const SMALL: &str =
    r#"{"id":4711,"name":"A small thing","price":12.50,"tags":["small","static"],"stock":42,"open":true}"#;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", address, file] => serve(address, std::fs::read(file)?),
        ["ask", address, path, at_once, seconds] => {
            let at_once = at_once.parse().map_err(Error::other)?;
            let span = Duration::from_secs_f64(seconds.parse().map_err(Error::other)?);
            ask(address, path, at_once, span)
        }
        _ => Err(Error::other("delayed serve ADDRESS FILE, or delayed ask ADDRESS PATH AT_ONCE SECONDS")),
    }
}

// === the backend ===

fn serve(address: &str, file: Vec<u8>) -> io::Result<()> {
    let small: &'static [u8] = answer(SMALL.as_bytes()).leak();
    let file: &'static [u8] = answer(&file).leak();
    for stream in TcpListener::bind(address)?.incoming() {
        let stream = stream?;
        // A gateway that goes away ends its connections somehow, which is no news.
        thread::spawn(move || answer_all(stream, small, file).ok());
    }
    Ok(())
}

/// One request after the other, each timed from when all of it was there.
fn answer_all(mut stream: TcpStream, small: &[u8], file: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(end) = read_head(&mut stream, &mut buffer)? {
        let there = Instant::now();
        let head = String::from_utf8_lossy(&buffer[..end]);
        let path = head.split(' ').nth(1).unwrap_or_default();
        let (delay, content) = match path.split('/').nth(1) {
            Some("file") => (Duration::ZERO, file),
            _ => (
                Duration::from_micros(
                    path.split('/').nth(2).and_then(|micros| micros.parse().ok()).unwrap_or(0),
                ),
                small,
            ),
        };
        buffer.drain(..end);
        thread::sleep(delay.saturating_sub(there.elapsed()));
        stream.write_all(content)?;
    }
    Ok(())
}

fn answer(content: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        content.len()
    );
    [head.as_bytes(), content].concat()
}

// === the client ===

/// Asks `at_once` times on as many connections, waits until all answers are there, and does it again.
fn ask(address: &str, path: &str, at_once: usize, span: Duration) -> io::Result<()> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let connect = || {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok((stream, Vec::new()))
    };
    let mut connections = (0..at_once).map(|_| connect()).collect::<io::Result<Vec<_>>>()?;
    let (begun, mut took) = (Instant::now(), Vec::new());
    while begun.elapsed() < span {
        let asked = Instant::now();
        for (stream, _) in &mut connections {
            stream.write_all(request.as_bytes())?;
        }
        for (stream, buffer) in &mut connections {
            read_answer(stream, buffer)?;
        }
        took.push(asked.elapsed().as_micros());
    }
    took.sort_unstable();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    let mean = took.iter().sum::<u128>() / took.len() as u128;
    println!("{}\t{}\t{}\t{mean}", took.len(), at(50), at(99));
    Ok(())
}

/// All of one answer, which must be a good one.
fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<()> {
    let end = read_head(stream, buffer)?.ok_or_else(closed)?;
    let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
    if !head.starts_with("http/1.1 200 ") || head.contains("tollgate-completed: false") {
        return Err(Error::other(head));
    }
    if let Some((_, rest)) = head.split_once("content-length: ") {
        let length: usize = rest.split("\r\n").next().unwrap_or_default().parse().map_err(Error::other)?;
        while buffer.len() < end + length {
            more(stream, buffer)?.then_some(()).ok_or_else(closed)?;
        }
        buffer.drain(..end + length);
        return Ok(());
    }
    // In chunks, of which none has this in it.
    while !buffer.ends_with(b"\r\n0\r\n\r\n") {
        more(stream, buffer)?.then_some(()).ok_or_else(closed)?;
    }
    buffer.clear();
    Ok(())
}

fn closed() -> Error {
    Error::other("the connection was closed")
}

// === both ===

/// Where the head ends; `None` where the other side has closed.
fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<usize>> {
    loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            return Ok(Some(at + 4));
        }
        if !more(stream, buffer)? {
            return Ok(None);
        }
    }
}

/// Whether there was more.
fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut piece = [0; 1 << 16];
    let length = stream.read(&mut piece)?;
    buffer.extend_from_slice(&piece[..length]);
    Ok(length > 0)
}
