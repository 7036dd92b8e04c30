//! The access log: one line a request on standard output, written by a thread of its own.

use std::io::{BufWriter, IsTerminal as _, Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tollgate::config::AccessLog as Form;
use tollgate::telemetry::{Record, line};

/// Lines that may wait. When standard output takes no more, further ones are counted and left out: a log must not
/// stop a gateway.
const WAITING: usize = 1 << 14;

/// How long is waited for lines to be written when the process ends.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the thread gets.
#[derive(Debug)]
enum Entry {
    Line(String),
    /// All lines before have been written.
    Written(SyncSender<()>),
}

/// A way to the log.
#[derive(Debug, Clone)]
pub struct AccessLog {
    form: fn(&Record) -> String,
    lines: Option<SyncSender<Entry>>,
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
        if form == Form::Off { Ok(Self::off()) } else { Self::to(text, stdout()) }
    }

    /// Starts the log as text for people or else as JSON, and writes it to `out`.
    pub fn to(text: bool, out: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let out = BufWriter::new(out);
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || write_all(&receiver, out))?;
        let form = if text { line::text } else { line::json };
        Ok(Self { form, lines: Some(sender), dropped: Arc::default() })
    }

    /// No log.
    pub fn off() -> Self {
        Self { form: line::json, lines: None, dropped: Arc::default() }
    }

    /// Writes a line.
    pub fn write(&self, record: &Record) {
        let Some(lines) = &self.lines else { return };
        if lines.try_send(Entry::Line((self.form)(record))).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits, but not for ever, until the lines before are written; blocks.
    pub fn flush(&self) {
        let (sender, written) = sync_channel(1);
        if let Some(lines) = &self.lines
            && lines.try_send(Entry::Written(sender)).is_ok()
        {
            let _ = written.recv_timeout(PATIENCE);
        }
    }

    /// How many lines were left out.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Writes what comes, and lets it out whenever nothing more waits.
fn write_all(lines: &Receiver<Entry>, mut out: impl Write) {
    while let Ok(first) = lines.recv() {
        let mut next = Some(first);
        while let Some(entry) = next {
            // Nobody is left to tell that nobody reads.
            let _ = match entry {
                Entry::Line(line) => out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")),
                Entry::Written(told) => {
                    out.flush().and_then(|()| told.try_send(()).map_err(std::io::Error::other))
                }
            };
            next = lines.try_recv().ok();
        }
        let _ = out.flush();
    }
}
