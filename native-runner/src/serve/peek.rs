//! Which protocol a connection without TLS speaks.

use std::io;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// RFC 9113 section 3.4: what a client that knows that the server speaks HTTP/2 begins with. `PRI` is the method of no
/// request (RFC 9113 section 11.6), so its first letters are enough, and so is one letter of most others.
const PREFACE: &[u8] = b"PRI";

/// What was read to find out, and whether it is HTTP/2. Nothing is read from a client that closes at once.
pub async fn protocol(stream: &mut TcpStream) -> io::Result<(Vec<u8>, bool)> {
    let mut first = Vec::new();
    loop {
        let before = first.len();
        let mut piece = [0; PREFACE.len()];
        let read = stream.read(&mut piece[before..]).await?;
        first.extend_from_slice(&piece[before..before + read]);
        let begins = PREFACE.starts_with(&first);
        if read == 0 || !begins || first.len() == PREFACE.len() {
            return Ok((first.clone(), begins && first.len() == PREFACE.len()));
        }
    }
}
