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

/// The longest path, with query, of a purge: one that is longer is taken for a beginning.
const LONGEST_PATH: usize = 2048;

/// The longest host of a purge (RFC 1035 section 2.3.4).
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
        match &order.what {
            What::All if order.soft => after.stale = count,
            What::All => after.gone = count,
            What::Tags(tags) => {
                after.put(order.soft, tags.iter().map(|tag| About::Tag(*tag)));
            }
            What::Prefix { host, path } => {
                let host = host.as_deref().map(|host| cut(host, LONGEST_HOST));
                after.put(order.soft, [About::Prefix(host, cut(path, LONGEST_PATH))].into_iter());
            }
            What::Address { host, path, query } => after.put_address(order.soft, host, path, query),
        }
        after
    }

    fn put_address(&mut self, soft: bool, host: &str, path: &str, query: &Query) {
        let host = cut(host, LONGEST_HOST);
        let targets: Vec<String> = match query {
            Query::Any => Vec::new(),
            Query::OneOf(queries) => queries
                .iter()
                .map(|query| query.as_deref().map_or(path.to_owned(), |query| format!("{path}?{query}")))
                .collect(),
        };
        if path.len() > LONGEST_PATH || targets.iter().any(|target| target.len() > LONGEST_PATH) {
            self.put(soft, [About::Prefix(Some(host), cut(path, LONGEST_PATH))].into_iter());
        } else if targets.is_empty() {
            self.put(soft, [About::Path(host, path.as_bytes())].into_iter());
        } else {
            self.put(soft, targets.iter().map(|target| About::Target(host, target.as_bytes())));
        }
    }

    /// Adds rows for the purge that was counted last, and as many of those that there are as fit after them.
    fn put<'a>(&mut self, soft: bool, about: impl Iterator<Item = About<'a>>) {
        let before = self.rows.clone();
        let (count, gone) = (self.count, self.gone);
        let new: Vec<_> = about.map(|about| Row { count, soft, about }).collect();
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

fn cut(text: &str, longest: usize) -> &[u8] {
    &text.as_bytes()[..text.len().min(longest)]
}
