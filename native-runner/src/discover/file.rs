//! A file of targets that changes: looked at every second or so, and read where it is another.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tollgate::discovery::written::Written;
use tollgate::discovery::{Fault, Found, News, Watch};

use crate::host::NativeHost;

/// The largest file, in bytes: ten thousand targets with all that can be said of them.
const LARGEST: u64 = 4 << 20;

/// A watch of a file.
#[derive(Debug)]
pub struct Watcher {
    path: PathBuf,
    interval: Duration,
    /// What the file was like when it was read last.
    seen: Option<Stamp>,
}

/// What tells that a file is another: editors write a new one in its place, others write into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

/// What a look at a file came to.
type Looked = Result<(Stamp, Option<Vec<Found>>), Fault>;

// === impl Watcher ===

impl Watcher {
    /// A watch of the file at `path`, whose name says how it is written, that looks every `interval`.
    pub fn new(path: PathBuf, interval: Duration) -> Self {
        Self { path, interval, seen: None }
    }
}

impl Watch<NativeHost> for Watcher {
    async fn next(&mut self, _: &NativeHost) -> Result<News, Fault> {
        let seen = self.seen.take();
        if seen.is_some() {
            tokio::time::sleep(self.interval).await;
        }
        let path = self.path.clone();
        let looked = tokio::task::spawn_blocking(move || look(&path, seen)).await;
        let (stamp, found) = looked.map_err(|error| Fault::new(error.to_string()))??;
        self.seen = Some(stamp);
        Ok(found.map_or(News::Same, News::Found))
    }

    /// A file that was only half written is whole a moment later.
    fn longest_pause(&self) -> Duration {
        self.interval
    }
}

// === impl Stamp ===

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(metadata),
        }
    }
}

/// Reads the file where it is other than `seen`.
fn look(path: &Path, seen: Option<Stamp>) -> Looked {
    let failed = |error: std::io::Error| Fault::new(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(failed)?;
    let stamp = Stamp::of(&file.metadata().map_err(failed)?);
    if seen == Some(stamp) {
        return Ok((stamp, None));
    }
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
    if read as u64 > LARGEST {
        return Err(Fault::new(format!("{} is larger than {LARGEST} bytes", path.display())));
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Ok((stamp, Some(targets(name, &text)?)))
}

/// The targets of a text: a list, or a table with a list `targets`. One that is not a target makes the whole of it none: a file
/// is written by people, and half a file is worse than the one before.
fn targets(name: &str, text: &str) -> Result<Vec<Found>, Fault> {
    let values = tollgate::author::values(name, text).map_err(|diagnostics| {
        let first = diagnostics.first().map(ToString::to_string).unwrap_or_default();
        Fault::new(format!("{name} cannot be read: {first}"))
    })?;
    let list = match values {
        Value::Object(mut table) if table.len() == 1 => table.remove("targets").unwrap_or_default(),
        other => other,
    };
    let Value::Array(list) = list else {
        return Err(Fault::new(format!("{name} is neither a list of targets nor a table with one, targets")));
    };
    let written = list.into_iter().enumerate().map(|(at, value)| {
        let bad = |what: &str| Fault::new(format!("{name}: target {at} {what}"));
        let written: Written =
            serde_json::from_value(value).map_err(|_| bad("is neither an address nor a table"))?;
        let found = written.found();
        if found.host.is_empty() { Err(bad("has no address")) } else { Ok(found) }
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lists_are_read_in_every_form() {
        let expected = vec![Found::at("a.test", Some(1)), Found { weight: 3, ..Found::at("10.0.0.1", None) }];
        for (name, text) in [
            ("a.json", r#"["a.test:1", {"address": "10.0.0.1", "weight": 3}]"#),
            ("a.json", r#"{"targets": ["a.test:1", {"address": "10.0.0.1", "weight": 3}]}"#),
            ("a.yaml", "- a.test:1\n- address: 10.0.0.1\n  weight: 3\n"),
            ("a.yml", "targets:\n- a.test:1\n- {address: 10.0.0.1, weight: 3}\n"),
            ("a.toml", "targets = [\"a.test:1\", { address = \"10.0.0.1\", weight = 3 }]\n"),
        ] {
            assert_eq!(targets(name, text).unwrap(), expected, "{name}: {text}");
        }
        assert_eq!(targets("a.json", "[]").unwrap(), []);
    }

    #[test]
    fn half_a_file_is_none() {
        for (name, text) in [
            ("a.json", ""),
            ("a.json", r#"["a.test:1", {"address": "#),
            ("a.json", r#"["a.test:1", 7]"#),
            ("a.json", r#"["a.test:1", "b.test:0"]"#),
            ("a.json", r#"{"target": ["a.test:1"]}"#),
            ("a.json", r#"{"targets": ["a.test:1"], "more": 1}"#),
            ("a.toml", "targets = "),
            ("a.txt", "[]"),
        ] {
            assert!(targets(name, text).is_err(), "{name}: {text}");
        }
    }
}
