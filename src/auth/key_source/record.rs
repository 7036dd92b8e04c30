//! What was fetched and when, as bytes for a key-value store.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::life::{Life, Times, after};
use crate::host::UnixMillis;

/// A document and its times. The body is empty where none has come yet: then the times say when it was tried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// When it was fetched.
    pub times: Times,
    /// The document as it came.
    pub body: Bytes,
}

/// What a record begins with: what it is, and the version of its layout. A gateway of another version finds no record,
/// and fetches.
const MAGIC: [u8; 8] = *b"tgfetch1";
/// A SHA-256 over all that follows it.
const SUM: usize = 32;
/// Four moments in milliseconds, little-endian.
const TIMES: usize = 4 * 8;
const HEAD: usize = MAGIC.len() + SUM + TIMES;

// === impl Record ===

impl Record {
    /// The record as bytes.
    pub fn encode(&self) -> Vec<u8> {
        let Times { fetched, expires, asked, claimed } = self.times;
        let mut content = Vec::with_capacity(TIMES + self.body.len());
        for moment in [fetched, expires, asked, claimed] {
            content.extend_from_slice(&moment.0.to_le_bytes());
        }
        content.extend_from_slice(&self.body);
        [&MAGIC[..], &Sha256::digest(&content), &content].concat()
    }

    /// Reads a record. One that is damaged, or of another version, is none.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (sum, content) = rest.split_at_checked(SUM)?;
        if *sum != *Sha256::digest(content) {
            return None;
        }
        let (times, body) = content.split_at_checked(TIMES)?;
        let mut moments = times.chunks_exact(8).map(|chunk| {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            UnixMillis(u64::from_le_bytes(word))
        });
        let mut moment = || moments.next().unwrap_or_default();
        let times = Times { fetched: moment(), expires: moment(), asked: moment(), claimed: moment() };
        Some(Self { times, body: Bytes::copy_from_slice(body) })
    }

    /// How long the bytes of a record are whose body has `length` bytes.
    pub const fn encoded_length(length: usize) -> usize {
        HEAD + length
    }

    /// Whether this could have been written by `now` under `life`: a record by a clock that is far ahead would be
    /// fresh for too long.
    pub fn is_plausible(&self, now: UnixMillis) -> bool {
        let Times { fetched, expires, .. } = self.times;
        fetched <= after(now, CLOCK_SKEW) && expires <= after(fetched, super::freshness::LONGEST)
    }

    /// Whether there is a document, and it may be used at `now`.
    pub fn is_usable(&self, life: &Life, now: UnixMillis) -> bool {
        self.times.fetched != UnixMillis(0) && now < after(self.times.expires, life.grace)
    }
}

/// How far the clocks of a fleet may differ.
const CLOCK_SKEW: std::time::Duration = std::time::Duration::from_secs(60);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::super::life::Wants;
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_767_225_600_000);

    fn record() -> Record {
        let times = Times::default().renew(NOW, Duration::from_secs(900), Wants::UnknownKey).claim(NOW);
        Record { times, body: Bytes::from_static(b"{\"keys\":[]}") }
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(Record::decode(&record().encode()), Some(record()));
        assert_eq!(Record::decode(&Record::default().encode()), Some(Record::default()));
        assert_eq!(record().encode().len(), Record::encoded_length(record().body.len()));
    }

    #[test]
    fn a_damaged_record_is_none() {
        let good = record().encode();
        for index in 0..good.len() {
            let mut bad = good.clone();
            bad[index] ^= 0x10;
            assert_eq!(Record::decode(&bad), None, "{index}");
            assert_eq!(Record::decode(&good[..index]), None, "{index}");
        }
        assert_eq!(Record::decode(&[&good[..], b"x"].concat()), None);
        // With a sum that is right, but too short for its times.
        let short = [&MAGIC[..], &Sha256::digest(b"abc"), b"abc"].concat();
        assert_eq!(Record::decode(&short), None);
    }

    #[test]
    fn a_record_from_the_future_is_not_believed() {
        assert!(record().is_plausible(NOW));
        assert!(record().is_plausible(UnixMillis(NOW.0 - 60_000)));
        assert!(!record().is_plausible(UnixMillis(NOW.0 - 61_000)));
        let mut long = record();
        long.times.expires = after(NOW, Duration::from_secs(90_000));
        assert!(!long.is_plausible(NOW));
    }
}
