//! What stands under a key: that its request is being done, or what came of it. One value, changed in one step.

use bytes::Bytes;
use http::{Method, Uri};
use sha2::{Digest as _, Sha256};

use crate::cache;
use crate::host::UnixMillis;

/// Changes whenever what is written means something else.
const VERSION: u8 = 1;

/// What a request is: whoever sends another under the same key is told so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// What stands under a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which request it is about.
    pub fingerprint: Fingerprint,
    /// When it is of no use any more.
    pub until: UnixMillis,
    /// What is known.
    pub state: State,
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Somebody is doing it, who is known by this.
    Running([u8; 16]),
    /// Its answer.
    Answered(Box<cache::Entry>),
    /// It was done, and its answer was too large to be kept.
    Lost,
}

// === impl Fingerprint ===

impl Fingerprint {
    /// Of a request: its method, its target and its content.
    pub fn of(method: &Method, uri: &Uri, content: &[u8]) -> Self {
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let mut hash = Sha256::new();
        for part in [method.as_str().as_bytes(), target.as_bytes(), content] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

// === impl Entry ===

impl Entry {
    /// As a store keeps it; `None` where the answer is larger than what would be read again.
    pub fn write(&self) -> Option<Bytes> {
        let mut bytes = vec![VERSION];
        let (kind, rest) = match &self.state {
            State::Running(token) => (0, token.to_vec()),
            State::Answered(answer) => (1, answer.to_bytes()?),
            State::Lost => (2, Vec::new()),
        };
        bytes.push(kind);
        bytes.extend_from_slice(&self.until.0.to_le_bytes());
        bytes.extend_from_slice(&self.fingerprint.0);
        bytes.extend_from_slice(&rest);
        Some(bytes.into())
    }

    /// Reads what a store had; `None` where it is not what was written, or is of no use at `now`.
    pub fn read(bytes: &Bytes, now: UnixMillis) -> Option<Self> {
        let (head, _) = bytes.split_first_chunk::<42>()?;
        let until = UnixMillis(u64::from_le_bytes(*head[2..].first_chunk()?));
        let fingerprint = Fingerprint(*head[10..].first_chunk()?);
        let rest = bytes.slice(42..);
        let state = match (head[0], head[1]) {
            (VERSION, 0) => State::Running(rest.as_ref().try_into().ok()?),
            (VERSION, 1) => State::Answered(Box::new(cache::Entry::from_bytes(rest)?)),
            (VERSION, 2) if rest.is_empty() => State::Lost,
            _ => return None,
        };
        (now < until).then_some(Self { fingerprint, until, state })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let answer = cache::Entry {
            status: http::StatusCode::CREATED,
            headers: [("x-a", "b")]
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .into_iter()
                .collect(),
            body: Bytes::from_static(b"done"),
            life: cache::life::Life::default(),
            tags: Vec::new(),
            serial: 0,
        };
        for state in [State::Running([3; 16]), State::Answered(Box::new(answer)), State::Lost] {
            let entry = Entry { fingerprint: Fingerprint([7; 32]), until: UnixMillis(100), state };
            let written = entry.write().unwrap();
            assert_eq!(Entry::read(&written, UnixMillis(99)), Some(entry.clone()));
            assert_eq!(Entry::read(&written, UnixMillis(100)), None, "its time is over");
            for cut in 0..written.len() {
                assert_eq!(Entry::read(&written.slice(..cut), UnixMillis(0)), None, "{cut}");
            }
            let longer = Bytes::from([&written[..], b"x"].concat());
            assert_eq!(Entry::read(&longer, UnixMillis(0)), None);
        }
    }

    #[test]
    fn requests_are_told_apart() {
        let of = |method: Method, uri: &'static str, content: &[u8]| {
            Fingerprint::of(&method, &Uri::from_static(uri), content)
        };
        let one = of(Method::POST, "/a", b"b");
        for other in
            [of(Method::PATCH, "/a", b"b"), of(Method::POST, "/ab", b""), of(Method::POST, "/a?", b"b")]
        {
            assert_ne!(one, other);
        }
        assert_eq!(one, of(Method::POST, "/a", b"b"));
    }
}
