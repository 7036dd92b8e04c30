//! Lines that a host writes, given on one by one.

use std::io;
use std::sync::mpsc::SyncSender;

/// Gives each whole line that is written to it on. Lines that nobody takes are left out.
#[derive(Debug)]
pub struct Lines {
    to: SyncSender<String>,
    begun: Vec<u8>,
}

impl Lines {
    /// Gives lines to `to`.
    pub fn new(to: SyncSender<String>) -> Self {
        Self { to, begun: Vec::new() }
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        while let Some(end) = self.begun.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.begun.drain(..=end).collect();
            let _ = self.to.try_send(String::from_utf8_lossy(&line[..end]).into_owned());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
