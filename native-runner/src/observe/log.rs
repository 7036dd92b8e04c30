//! The access log: one line a request on standard output, written by a thread of its own.

use std::io::{BufWriter, IsTerminal as _, Write as _, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tollgate::config::AccessLog as Form;
use tollgate::telemetry::{Record, line};

/// Lines that may wait. When standard output takes no more, further ones are counted and left out: a log must not
/// stop a gateway.
const WAITING: usize = 1 << 14;

/// A way to the log.
#[derive(Debug, Clone)]
pub struct AccessLog {
    form: fn(&Record) -> String,
    lines: Option<SyncSender<String>>,
    dropped: Arc<AtomicU64>,
}

// === impl AccessLog ===

impl AccessLog {
    /// Starts the log in this form.
    pub fn start(form: Form) -> std::io::Result<Self> {
        let text = match form {
            Form::Text => true,
            Form::Json | Form::Off => false,
            Form::Auto => stdout().is_terminal(),
        };
        let mut log = Self::off();
        log.form = if text { line::text } else { line::json };
        if form != Form::Off {
            let (sender, receiver) = sync_channel(WAITING);
            std::thread::Builder::new().name("access-log".to_owned()).spawn(move || write_all(&receiver))?;
            log.lines = Some(sender);
        }
        Ok(log)
    }

    /// No log.
    pub fn off() -> Self {
        Self { form: line::json, lines: None, dropped: Arc::default() }
    }

    /// Gives each line, a JSON object, to `lines` instead of writing it.
    pub fn into_channel(lines: SyncSender<String>) -> Self {
        Self { lines: Some(lines), ..Self::off() }
    }

    /// Writes a line.
    pub fn write(&self, record: &Record) {
        let Some(lines) = &self.lines else { return };
        if lines.try_send((self.form)(record)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were left out.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Writes what comes, and lets it out whenever nothing more waits.
fn write_all(lines: &Receiver<String>) {
    let mut out = BufWriter::new(stdout());
    while let Ok(first) = lines.recv() {
        let mut next = Some(first);
        while let Some(line) = next {
            // Nobody is left to tell that nobody reads.
            let _ = out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n"));
            next = lines.try_recv().ok();
        }
        let _ = out.flush();
    }
}
