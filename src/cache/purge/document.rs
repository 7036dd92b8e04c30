//! What was purged in a place.

use bytes::Bytes;

use super::order::{Order, Query, What};
use super::row::{About, Row, Rows};
use super::{Tag, Verdict};

/// The most purges that a document has, before the oldest are taken for purges of everything. A lookup looks at those that
/// are younger than the answer: a microsecond or two for all.
pub const MOST: usize = 256;

/// The largest document in bytes: it is read with every lookup in a store.
pub const LARGEST: usize = 16 << 10;

/// The longest path, with query, that a purge is about.
const LONGEST_PATH: usize = 2048;

/// The longest host that a purge is about (RFC 1035 section 2.3.4).
const LONGEST_HOST: usize = 255;

/// What the bytes of a document begin with: what it is, and in which version.
const MAGIC: [u8; 4] = *b"tgp\x01";

/// The bytes before the rows: magic, checksum, and four numbers.
const HEAD: usize = 4 + 4 + 16;

/// What was purged in a place, newest first. Where it has grown too large, the oldest purge is taken for one of everything:
/// that purges more than was asked for, and an answer that is purged without need is only fetched again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purges {
    /// Which document it is: the upper half of the number.
    epoch: u32,
    /// How many purges there were: the lower half.
    count: u32,
    /// Answers asked for before this purge are gone.
    gone: u32,
    /// Answers asked for before this purge are stale.
    stale: u32,
    /// The other purges.
    rows: Bytes,
}

// === impl Purges ===

impl Purges {
    /// A document in which nothing was purged. Answers kept under one of another `epoch` are gone.
    pub fn new(epoch: u32) -> Self {
        Self { epoch, ..Self::default() }
    }

    /// The number that answers remember that are asked for now.
    pub fn serial(&self) -> u64 {
        u64::from(self.epoch) << 32 | u64::from(self.count)
    }

    /// How many purges there were since the document was made.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// What was purged says of an answer that was asked for when the number was `asked`. `host` is a name without port;
    /// `target` is the path as it came, with that part of the query that counts; `tags` are as [`super::tags`] has them.
    pub fn verdict(&self, asked: u64, host: &str, target: &str, tags: &[Tag]) -> Verdict {
        if asked == self.serial() {
            return Verdict::Kept;
        }
        // Of another document, or from its future: what was purged since is not known.
        if asked >> 32 != u64::from(self.epoch) || asked > self.serial() {
            return Verdict::Gone;
        }
        let since = u32::try_from(asked & u64::from(u32::MAX)).unwrap_or_default();
        if since < self.gone {
            return Verdict::Gone;
        }
        let mut verdict = if since < self.stale { Verdict::Stale } else { Verdict::Kept };
        let younger = Rows { rest: &self.rows }.take_while(|row| row.count > since);
        for row in younger.filter(|row| row.about.fits(host, target, tags)) {
            match row.soft {
                true => verdict = Verdict::Stale,
                false => return Verdict::Gone,
            }
        }
        verdict
    }

    /// The document after one more purge.
    pub fn with(&self, order: &Order) -> Self {
        let Some(count) = self.count.checked_add(1) else {
            // Nothing that was kept so far is found in another document.
            return Self::new(self.epoch.wrapping_add(1));
        };
        let mut after = Self { count, ..self.clone() };
        match (&order.what, order.soft) {
            (What::All, true) => after.stale = count,
            (What::All, false) => {
                after.gone = count;
                after.rows = Bytes::new();
            }
            (what, soft) => {
                let texts = texts(what);
                let rows = abouts(what, &texts).into_iter().map(|about| Row { count, soft, about });
                after.put(&rows.collect::<Vec<_>>());
            }
        }
        after
    }

    /// Whether `order`, of which `after` was made, is still done in this document, which was found in its place later.
    pub(super) fn covers(&self, after: &Self, order: &Order) -> bool {
        let count = after.count;
        if self.epoch != after.epoch || self.gone >= count || (order.soft && self.stale >= count) {
            return true;
        }
        let texts = texts(&order.what);
        let wanted = abouts(&order.what, &texts);
        let done = |about: &About<'_>| {
            let mut rows = Rows { rest: &self.rows }.take_while(|row| row.count >= count);
            rows.any(|row| row.about == *about && (order.soft || !row.soft))
        };
        !wanted.is_empty() && wanted.iter().all(done)
    }

    /// Puts the rows of the last purge before those that there are, of which as many are kept as fit.
    fn put(&mut self, new: &[Row<'_>]) {
        let before = std::mem::take(&mut self.rows);
        let gone = self.gone;
        // A purge that is done again makes the earlier one needless, unless that did more.
        let again = |row: &Row<'_>| new.iter().any(|it| it.about == row.about && (row.soft || !it.soft));
        let kept = Rows { rest: &before }.filter(|row| row.count > gone && !again(row));
        let (mut rows, mut number) = (Vec::new(), 0);
        for row in new.iter().copied().chain(kept) {
            let length = rows.len();
            row.write(&mut rows);
            number += 1;
            if number > MOST || HEAD + rows.len() > LARGEST {
                rows.truncate(length);
                let folded = if row.soft { &mut self.stale } else { &mut self.gone };
                *folded = row.count.max(*folded);
            }
        }
        self.rows = rows.into();
    }

    /// The document as it stands in a store.
    pub fn encode(&self) -> Bytes {
        let mut bytes = Vec::with_capacity(HEAD + self.rows.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[0; 4]);
        for number in [self.epoch, self.count, self.gone, self.stale] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.rows);
        let checksum = crc32fast::hash(&bytes[8..]);
        bytes[4..8].copy_from_slice(&checksum.to_le_bytes());
        bytes.into()
    }

    /// Reads what [`Self::encode`] wrote; `None` for anything else.
    pub fn decode(bytes: &Bytes) -> Option<Self> {
        if bytes.len() > LARGEST || !bytes.starts_with(&MAGIC) {
            return None;
        }
        let number = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let (checksum, epoch, count) = (number(4)?, number(8)?, number(12)?);
        let (gone, stale) = (number(16)?, number(20)?);
        if checksum != crc32fast::hash(&bytes[8..]) || gone > count || stale > count {
            return None;
        }
        let mut rows = Rows { rest: &bytes[HEAD..] };
        let (mut number, mut last) = (0, count);
        for row in rows.by_ref() {
            number += 1;
            if number > MOST || row.count > last {
                return None;
            }
            last = row.count;
        }
        let whole = rows.rest.is_empty();
        whole.then(|| Self { epoch, count, gone, stale, rows: bytes.slice(HEAD..) })
    }
}

/// The paths with queries that an order is about.
fn texts(what: &What) -> Vec<String> {
    let What::Address { path, query: Query::OneOf(queries), .. } = what else { return Vec::new() };
    let with = |query: &Option<Box<str>>| match query {
        Some(query) => format!("{path}?{query}"),
        None => path.clone().into(),
    };
    queries.iter().map(with).collect()
}

/// What an order is about, as a document says it. What would be too long is about more: any query, a beginning, any host.
fn abouts<'a>(what: &'a What, texts: &'a [String]) -> Vec<About<'a>> {
    let short = |host: &'a str| (host.len() <= LONGEST_HOST).then_some(host.as_bytes());
    match what {
        What::All => Vec::new(),
        What::Tags(tags) => tags.iter().map(|tag| About::Tag(*tag)).collect(),
        What::Prefix { host, path } => {
            vec![About::Prefix(host.as_deref().and_then(short), cut(path))]
        }
        What::Address { host, path, query } => match (short(host), query) {
            (Some(host), Query::OneOf(_)) if texts.iter().all(|target| target.len() <= LONGEST_PATH) => {
                texts.iter().map(|target| About::Target(host, target.as_bytes())).collect()
            }
            (Some(host), _) if path.len() <= LONGEST_PATH => vec![About::Path(host, path.as_bytes())],
            (host, _) => vec![About::Prefix(host, cut(path))],
        },
    }
}

fn cut(path: &str) -> &[u8] {
    &path.as_bytes()[..path.len().min(LONGEST_PATH)]
}
