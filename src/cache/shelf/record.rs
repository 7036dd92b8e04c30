//! What stands under a digest, and as which bytes it stands in a store.
//!
//! A value begins with what it is and in which version, a checksum over all that follows, and the digest it is kept under:
//! a value that is torn, that somebody else wrote, or that a store gives for another key is nothing at all.

use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderName;

use super::super::Entry;
use super::super::entry::{Reader, Writer};
use super::super::key::Digest;
use super::vary::{self, Coded, MOST_NAMES};
use crate::host::UnixMillis;

/// What stands under a digest.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// Under an address.
    First(First),
    /// Under what tells the answers of an address apart.
    Variant(Arc<Entry>),
}

/// What stands under an address.
#[derive(Debug, Clone, PartialEq)]
pub struct First {
    /// Which life of the address it is: another after each time it was made invalid.
    pub generation: u64,
    /// What is kept.
    pub what: What,
}

/// What is kept for an address.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Nothing: it was made invalid.
    Gone,
    /// One answer, for all requests without a part of the key of their own.
    Answer(Arc<Entry>),
    /// Answers that are told apart.
    Varies(Arc<Varies>),
}

/// What tells the answers of an address apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varies {
    /// Fields of requests, sorted.
    pub names: Vec<HeaderName>,
    /// Under which codings there are some, where that makes a difference.
    pub kept: Vec<Coded>,
    /// Until when some answer may be of use.
    pub until: UnixMillis,
}

/// What values begin with: what they are, and in which version.
const MAGIC: [u8; 4] = *b"tgc\x01";

/// Where the checksum ends and what it is of begins.
const SUMMED: usize = 8;

const GONE: u8 = 0;
const ANSWER: u8 = 1;
const VARIES: u8 = 2;
const VARIANT: u8 = 3;

/// The most codings of an address: each of six, fetched for requests that took any, or that took none.
const MOST_CODED: usize = 12;

// === impl Record ===

impl Record {
    /// As a value under `digest`; `None` where it would be larger than what is read again.
    pub fn encode(&self, digest: &Digest) -> Option<Bytes> {
        let mut writer = Writer::default();
        writer.bytes(&MAGIC);
        writer.u32(0);
        writer.bytes(&digest.0);
        match self {
            Self::First(First { generation, what }) => {
                let kind = match what {
                    What::Gone => GONE,
                    What::Answer(_) => ANSWER,
                    What::Varies(_) => VARIES,
                };
                writer.byte(kind);
                writer.u64(*generation);
                match what {
                    What::Gone => {}
                    What::Answer(entry) => writer.entry(entry)?,
                    What::Varies(varies) => varies.write(&mut writer)?,
                }
            }
            Self::Variant(entry) => {
                writer.byte(VARIANT);
                writer.entry(entry)?;
            }
        }
        let mut bytes = writer.0;
        let checksum = crc32fast::hash(&bytes[SUMMED..]);
        bytes[MAGIC.len()..SUMMED].copy_from_slice(&checksum.to_le_bytes());
        Some(bytes.into())
    }

    /// Reads what [`Self::encode`] wrote for `digest`; `None` for anything else.
    pub fn decode(bytes: &Bytes, digest: &Digest) -> Option<Self> {
        let mut reader = Reader(bytes.clone());
        let whole = reader.array()? == MAGIC && reader.u32()? == crc32fast::hash(&reader.0);
        if !whole || reader.array()? != digest.0 {
            return None;
        }
        let kind = reader.byte()?;
        let record = if kind == VARIANT {
            Self::Variant(Arc::new(reader.entry()?))
        } else {
            let generation = reader.u64()?;
            let what = match kind {
                GONE => What::Gone,
                ANSWER => What::Answer(Arc::new(reader.entry()?)),
                VARIES => What::Varies(Arc::new(Varies::read(&mut reader)?)),
                _ => return None,
            };
            Self::First(First { generation, what })
        };
        reader.is_empty().then_some(record)
    }
}

// === impl Varies ===

impl Varies {
    /// The codings to choose from; `None` where coding makes no difference.
    pub fn codings(&self) -> Option<&[Coded]> {
        vary::by_coding(&self.names).then_some(&*self.kept)
    }

    fn write(&self, writer: &mut Writer) -> Option<()> {
        writer.u64(self.until.0);
        writer.byte(u8::try_from(self.names.len()).ok()?);
        for name in &self.names {
            writer.short(name.as_str().as_bytes())?;
        }
        writer.byte(u8::try_from(self.kept.len()).ok()?);
        for (coding, offered) in &self.kept {
            writer.bytes(&[vary::number(*coding), u8::from(*offered)]);
        }
        Some(())
    }

    fn read(reader: &mut Reader) -> Option<Self> {
        let until = UnixMillis(reader.u64()?);
        let number = usize::from(reader.byte()?);
        if number > MOST_NAMES {
            return None;
        }
        let names = (0..number).map(|_| reader.name()).collect::<Option<Vec<_>>>()?;
        let number = usize::from(reader.byte()?);
        if number > MOST_CODED || !names.is_sorted_by(|one, next| one.as_str() < next.as_str()) {
            return None;
        }
        let kept = (0..number).map(|_| {
            let [coding, offered] = reader.array()?;
            Some((vary::coding(coding)?, offered != 0))
        });
        let kept = kept.collect::<Option<_>>()?;
        Some(Self { names, kept, until })
    }
}

#[cfg(test)]
mod tests;
