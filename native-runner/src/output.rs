//! Standard output.

use std::io::{ErrorKind, Write as _, stdout};

/// Writes `text`. A reader that has seen enough, such as `head`, is no error.
pub fn print(text: &str) -> std::io::Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
