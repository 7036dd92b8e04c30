//! An answer that is kept.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::life::Life;
use super::purge::Tag;
use crate::host::UnixMillis;

mod read;
mod write;

pub(super) use read::Reader;
pub(super) use write::Writer;

/// An answer that is kept: complete, and as it would go to a client.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its status.
    pub status: StatusCode,
    /// Its fields, without those of one connection, without `Age`, and without those that it says are not to be kept.
    pub headers: HeaderMap,
    /// Its content.
    pub body: Bytes,
    /// For how long it is good.
    pub life: Life,
    /// Under which tags it is purged.
    pub tags: Vec<Tag>,
    /// The last purge that was known when it was asked for: later ones are about it, earlier ones are not.
    pub serial: u64,
}

/// How long at least an answer that can be validated is kept after it is stale: a 304 costs less than the answer.
const LEAST_GRACE: Duration = Duration::from_secs(3600);

/// How long at most.
const MOST_GRACE: Duration = Duration::from_secs(24 * 3600);

/// How far the clocks of two instances may be apart. An answer that came later than that from now would be fresh for longer
/// than anybody said.
const MOST_AHEAD: Duration = Duration::from_secs(60);

/// What an answer without fields and content takes in memory, with its place in the table.
const BARE: usize = 512;

/// What a field takes in memory beside its name and its value, counted twice because tables of fields grow by doubling.
const FIELD: usize = 2 * 112;

// === impl Entry ===

impl Entry {
    /// As bytes; `None` where it is larger than what would be read again.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut writer = Writer::default();
        writer.entry(self).map(|()| writer.0)
    }

    /// Reads what [`Self::to_bytes`] wrote, all of it.
    pub fn from_bytes(bytes: Bytes) -> Option<Self> {
        let mut reader = Reader(bytes);
        reader.entry().filter(|_| reader.is_empty())
    }

    /// When it is of no use any more: it is stale, may not be given, and is not worth validating.
    pub fn useful_until(&self) -> UnixMillis {
        let life = &self.life;
        let stale = match life.never_stale {
            true => Duration::ZERO,
            false => life.while_revalidate.max(life.if_error),
        };
        let grace = match self.headers.contains_key(ETAG) || self.headers.contains_key(LAST_MODIFIED) {
            true => life.fresh.clamp(LEAST_GRACE, MOST_GRACE),
            false => Duration::ZERO,
        };
        let span = life.fresh.saturating_sub(life.age).saturating_add(stale.max(grace));
        let span = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        UnixMillis(life.received.0.saturating_add(span))
    }

    /// Whether it is of any use at `now`. One from the future is not.
    pub fn is_useful(&self, now: UnixMillis) -> bool {
        now < self.useful_until() && !is_ahead(self.life.received, now)
    }

    /// What it takes in memory, in bytes; rather more than less.
    pub fn weight(&self) -> u64 {
        let fields: usize =
            self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD).sum();
        (BARE + fields + self.body.len() + self.tags.len() * size_of::<Tag>()) as u64
    }

    /// The same in memory of its own. Fields and content may be parts of larger pieces, such as what was read at once from
    /// a connection, which would stay as long as the smallest part of them.
    pub(super) fn detached(&self) -> Self {
        let mut headers = HeaderMap::with_capacity(self.headers.len());
        for (name, value) in &self.headers {
            // A value that is a value is one when it is copied.
            if let Ok(mut copy) = HeaderValue::from_bytes(value.as_bytes()) {
                copy.set_sensitive(value.is_sensitive());
                headers.append(name.clone(), copy);
            }
        }
        Self {
            headers,
            body: Bytes::copy_from_slice(&self.body),
            tags: self.tags.as_slice().into(),
            ..self.clone()
        }
    }
}

/// Whether `moment` is further in the future than clocks are apart.
pub(super) fn is_ahead(moment: UnixMillis, now: UnixMillis) -> bool {
    u128::from(moment.0.saturating_sub(now.0)) > MOST_AHEAD.as_millis()
}
