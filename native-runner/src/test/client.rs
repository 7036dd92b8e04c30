//! A client that sends what a case writes, byte for byte.

use std::io;
use std::net::SocketAddr;

use bytes::{BufMut as _, BytesMut};
use http::Version;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tollgate::sim::body::{End, Script};
use tollgate::sim::case::script::Outgoing;
use tollgate::sim::seen::Got;

use super::wire::{Framing, Part, Wire, framing};

/// Sends `outgoing` to `address` and reads the answer.
pub async fn exchange(address: SocketAddr, outgoing: &Outgoing) -> Result<Got, String> {
    let begun = Instant::now();
    let stream = TcpStream::connect(address).await.map_err(|error| format!("no connection: {error}"))?;
    let _ = stream.set_nodelay(true);
    let (reader, mut writer) = stream.into_split();
    let sending = async {
        // A server may answer and close before it has read everything.
        let _ = send(&mut writer, outgoing).await;
        // Dropped, it would close this direction, which means something to a server.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = sending => Err("the client ended".to_owned()),
        got = receive(Wire::new(reader), &outgoing.method, begun) => got,
    }
}

async fn send(writer: &mut (impl AsyncWrite + Unpin), outgoing: &Outgoing) -> io::Result<()> {
    writer.write_all(&head(outgoing)).await?;
    let Some(script) = &outgoing.body else { return Ok(()) };
    play(writer, script).await?;
    if matches!(script.end, End::Close | End::Reset) {
        writer.shutdown().await?;
    }
    Ok(())
}

fn head(outgoing: &Outgoing) -> BytesMut {
    let mut head = BytesMut::new();
    let version = if outgoing.version == Version::HTTP_10 { "1.0" } else { "1.1" };
    head.put_slice(format!("{} {} HTTP/{version}\r\n", outgoing.method, outgoing.target).as_bytes());
    for (name, value) in &outgoing.headers {
        put_field(&mut head, name.as_str(), value.as_bytes());
    }
    let framed =
        outgoing.headers.iter().any(|(name, _)| *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING);
    if let Some(script) = outgoing.body.as_ref().filter(|_| !framed) {
        put_framing(&mut head, script);
    }
    head.put_slice(b"\r\n");
    head
}

/// A field line.
pub fn put_field(head: &mut BytesMut, name: &str, value: &[u8]) {
    head.put_slice(name.as_bytes());
    head.put_slice(b": ");
    head.put_slice(value);
    head.put_slice(b"\r\n");
}

/// The field that says where `script` ends.
pub fn put_framing(head: &mut BytesMut, script: &Script) {
    match script.announced() {
        Some(length) => put_field(head, "content-length", length.to_string().as_bytes()),
        None => put_field(head, "transfer-encoding", b"chunked"),
    }
}

/// Writes a body as its script says, up to its end, however it ends.
pub async fn play(writer: &mut (impl AsyncWrite + Unpin), script: &Script) -> io::Result<()> {
    for piece in &script.pieces {
        if !piece.after.is_zero() {
            writer.flush().await?;
            tokio::time::sleep(piece.after).await;
        }
        if script.sized {
            writer.write_all(&piece.data).await?;
        } else {
            let mut chunk = BytesMut::with_capacity(piece.data.len() + 16);
            chunk.put_slice(format!("{:x}\r\n", piece.data.len()).as_bytes());
            chunk.put_slice(&piece.data);
            chunk.put_slice(b"\r\n");
            writer.write_all(&chunk).await?;
        }
    }
    if !script.sized && script.end == End::Complete {
        let mut last = BytesMut::from(&b"0\r\n"[..]);
        for (name, value) in script.trailers.iter().flatten() {
            put_field(&mut last, name.as_str(), value.as_bytes());
        }
        last.put_slice(b"\r\n");
        writer.write_all(&last).await?;
    }
    writer.flush().await
}

async fn receive<R>(mut wire: Wire<R>, method: &str, begun: Instant) -> Result<Got, String>
where
    R: tokio::io::AsyncRead + Unpin,
{
    let head = wire.response().await.map_err(|error| format!("no answer: {error}"))?;
    let mut got = Got { status: head.status, headers: head.headers, ..Got::default() };
    let none = method == "HEAD" || matches!(head.status, 204 | 304);
    let mut framing = match none {
        true => Framing::Over,
        false => framing(&got.headers, Framing::UntilClose).map_err(|error| error.to_string())?,
    };
    let mut body = BytesMut::new();
    loop {
        match wire.part(&mut framing).await {
            Ok(None) => break,
            Ok(Some(Part::Data(data))) => {
                body.extend_from_slice(&data);
                got.pieces.push((begun.elapsed(), data));
            }
            Ok(Some(Part::Trailers(trailers))) => got.trailers = trailers,
            Err(error) => {
                got.broken = Some(error.to_string());
                break;
            }
        }
    }
    got.body = body.freeze();
    Ok(got)
}
