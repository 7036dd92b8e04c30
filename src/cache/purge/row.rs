//! What one purge of a document is about, in bytes: read where it stands, by every lookup, without allocating.
//!
//! A row is a byte (its kind, and whether it is soft), the count of the purge in four bytes, and what the kind needs.
//! Numbers are little endian. Texts have their length in two bytes in front.

use super::Tag;

/// Said with the kind: answers are not gone but stale.
const SOFT: u8 = 0x80;

const TAG: u8 = 1;
/// A beginning of paths at one host.
const PREFIX: u8 = 2;
/// A beginning of paths at any host.
const ANYWHERE: u8 = 3;
/// Host and path, with any query.
const PATH: u8 = 4;
/// Host, and path with query.
const TARGET: u8 = 5;

/// One purge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row<'a> {
    /// Which purge of the document it was.
    pub(super) count: u32,
    /// Whether answers are not gone but stale.
    pub(super) soft: bool,
    /// Which answers.
    pub(super) about: About<'a>,
}

/// Which answers a purge is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About<'a> {
    /// Those with a tag.
    Tag(Tag),
    /// Those whose path begins so; at any host where there is none.
    Prefix(Option<&'a [u8]>, &'a [u8]),
    /// Those of a host and path.
    Path(&'a [u8], &'a [u8]),
    /// Those of a host, and path with query.
    Target(&'a [u8], &'a [u8]),
}

/// The rows in some bytes, one after the other; ends at the first that is none, leaving what is left in `rest`.
#[derive(Debug, Clone)]
pub(super) struct Rows<'a> {
    pub(super) rest: &'a [u8],
}

// === impl Row ===

impl Row<'_> {
    /// Adds the row to `bytes`. Texts have been bounded by whoever made it.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let (kind, texts): (u8, [Option<&[u8]>; 2]) = match &self.about {
            About::Tag(_) => (TAG, [None, None]),
            About::Prefix(Some(host), path) => (PREFIX, [Some(host), Some(path)]),
            About::Prefix(None, path) => (ANYWHERE, [None, Some(path)]),
            About::Path(host, path) => (PATH, [Some(host), Some(path)]),
            About::Target(host, target) => (TARGET, [Some(host), Some(target)]),
        };
        bytes.push(kind | if self.soft { SOFT } else { 0 });
        bytes.extend_from_slice(&self.count.to_le_bytes());
        if let About::Tag(tag) = &self.about {
            bytes.extend_from_slice(&tag.0);
        }
        for text in texts.into_iter().flatten() {
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(&text[..usize::from(length)]);
        }
    }
}

// === impl About ===

impl About<'_> {
    /// Whether it is about an answer for `target`, path and query, at `host` with `tags`, which are sorted.
    pub(super) fn fits(&self, host: &str, target: &str, tags: &[Tag]) -> bool {
        let (host, target) = (host.as_bytes(), target.as_bytes());
        match self {
            Self::Tag(tag) => tags.last() == Some(&Tag::ANY) || tags.binary_search(tag).is_ok(),
            Self::Prefix(at, path) => {
                target.starts_with(path) && at.is_none_or(|at| at.eq_ignore_ascii_case(host))
            }
            Self::Path(at, path) => {
                let after = target.strip_prefix(*path);
                after.is_some_and(|after| matches!(after.first(), None | Some(b'?')))
                    && at.eq_ignore_ascii_case(host)
            }
            Self::Target(at, whole) => target == *whole && at.eq_ignore_ascii_case(host),
        }
    }
}

// === impl Rows ===

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        let mut rest = self.rest;
        let row = row(&mut rest)?;
        self.rest = rest;
        Some(row)
    }
}

fn row<'a>(rest: &mut &'a [u8]) -> Option<Row<'a>> {
    let kind = rest.split_off_first()?;
    let count = u32::from_le_bytes(*array(rest)?);
    let about = match kind & !SOFT {
        TAG => About::Tag(Tag(*array(rest)?)),
        PREFIX => About::Prefix(Some(text(rest)?), text(rest)?),
        ANYWHERE => About::Prefix(None, text(rest)?),
        PATH => About::Path(text(rest)?, text(rest)?),
        TARGET => About::Target(text(rest)?, text(rest)?),
        _ => return None,
    };
    Some(Row { count, soft: kind & SOFT != 0, about })
}

fn array<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (array, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(array)
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u16::from_le_bytes(*array(rest)?);
    rest.split_off(..usize::from(length))
}
