//! What tells the answers of one address apart: the fields that `Vary` names (RFC 9111 section 4.1).

use http::HeaderMap;
use http::header::{ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName, VARY};
use sha2::{Digest as _, Sha256};

use super::super::coding::{self, Coding};
use super::super::key::{Digest, Keys};
use super::super::rules::NotKept;

/// The most fields that tell the answers of an address apart. An answer that depends on more is hardly ever asked for twice.
pub const MOST_NAMES: usize = 16;

/// The most variants that a lookup tries, each of which may be a question to a store.
pub const MOST_TRIES: usize = 3;

/// A variant by its coding: the coding, and whether the request that it was fetched for took any.
pub type Coded = (Coding, bool);

/// The names of fields that an answer depends on, sorted.
///
/// # Errors
/// It depends on more than fields, or on too many.
pub fn names(headers: &HeaderMap) -> Result<Vec<HeaderName>, NotKept> {
    let mut names = Vec::new();
    for line in headers.get_all(VARY) {
        let members = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        for member in members.filter(|member| !member.is_empty()) {
            // RFC 9110 section 12.5.5: anywhere in the list.
            if member == b"*" {
                return Err(NotKept("its Vary has a *"));
            }
            let name = HeaderName::from_bytes(member).map_err(|_| NotKept("its Vary cannot be read"))?;
            add(&mut names, name)?;
        }
    }
    Ok(names)
}

/// The names of both.
///
/// # Errors
/// There are too many.
pub fn union(mut names: Vec<HeaderName>, others: &[HeaderName]) -> Result<Vec<HeaderName>, NotKept> {
    others.iter().try_for_each(|name| add(&mut names, name.clone()))?;
    Ok(names)
}

fn add(names: &mut Vec<HeaderName>, name: HeaderName) -> Result<(), NotKept> {
    let Err(at) = names.binary_search_by(|known| known.as_str().cmp(name.as_str())) else { return Ok(()) };
    if names.len() == MOST_NAMES {
        return Err(NotKept("its address varies by too many fields"));
    }
    names.insert(at, name);
    Ok(())
}

/// Whether variants are told apart by coding.
pub fn by_coding(names: &[HeaderName]) -> bool {
    names.contains(&ACCEPT_ENCODING)
}

/// Under what the variants are that a request might get.
#[derive(Debug)]
pub struct Variants<'a> {
    headers: &'a HeaderMap,
    /// Everything but the coding.
    base: Sha256,
}

// === impl Variants ===

impl<'a> Variants<'a> {
    /// Those of one generation of an address, for a request with `headers`.
    pub fn new(keys: &Keys, generation: u64, names: &[HeaderName], headers: &'a HeaderMap) -> Self {
        let mut base = Sha256::new_with_prefix(b"tollgate/cache/variant\0");
        base.update(keys.address.0);
        base.update(generation.to_le_bytes());
        base.update([u8::from(keys.part.is_some())]);
        base.update(keys.part.map_or([0; 32], |part| part.0));
        for name in names {
            text(&mut base, name.as_str().as_bytes());
            if *name != ACCEPT_ENCODING {
                value(&mut base, name, headers);
            }
        }
        Self { headers, base }
    }

    /// The one of this coding; `None` where coding makes no difference.
    pub fn one(&self, coded: Option<Coded>) -> Digest {
        let mut digest = self.base.clone();
        if let Some((coding, offered)) = coded {
            digest.update([number(coding), u8::from(offered)]);
            if coding == Coding::Other {
                value(&mut digest, &ACCEPT_ENCODING, self.headers);
            }
        }
        Digest(digest.finalize().into())
    }

    /// Those that the request might get of what is kept, best first. `kept` is `None` where coding makes no difference.
    pub fn tries(&self, kept: Option<&[Coded]>) -> Vec<Digest> {
        let Some(kept) = kept else { return vec![self.one(None)] };
        let mut left = kept.to_vec();
        let mut tries = Vec::with_capacity(MOST_TRIES);
        while tries.len() < MOST_TRIES
            && let Some(best) = coding::best(self.headers, &left)
            && best < left.len()
        {
            tries.push(self.one(Some(left.swap_remove(best))));
        }
        // Codings that nobody has heard of are compared as text.
        let other = (Coding::Other, coding::offers(self.headers));
        if tries.len() < MOST_TRIES && left.contains(&other) {
            tries.push(self.one(Some(other)));
        }
        tries
    }
}

/// What a coding is in a key, and in a record: never another.
pub fn number(coding: Coding) -> u8 {
    match coding {
        Coding::Identity => 0,
        Coding::Gzip => 1,
        Coding::Brotli => 2,
        Coding::Zstd => 3,
        Coding::Deflate => 4,
        Coding::Other => 5,
    }
}

/// The coding of this number.
pub fn coding(number: u8) -> Option<Coding> {
    [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd, Coding::Deflate, Coding::Other]
        .get(usize::from(number))
        .copied()
}

fn text(digest: &mut Sha256, text: &[u8]) {
    digest.update((text.len() as u64).to_le_bytes());
    digest.update(text);
}

/// A field's value, in the form in which equal values are equal. An absent field is equal to an absent one only.
fn value(digest: &mut Sha256, name: &HeaderName, headers: &HeaderMap) {
    let mut lines = headers.get_all(name).iter();
    let Some(first) = lines.next() else { return digest.update([0]) };
    digest.update([1]);
    let mut joined = first.as_bytes().trim_ascii().to_vec();
    for line in lines {
        joined.extend_from_slice(b", ");
        joined.extend_from_slice(line.as_bytes().trim_ascii());
    }
    // RFC 9111 section 4.1: white space where the field's syntax allows it, which is known of fields that are lists.
    // Elsewhere, in names or comments, it may say something.
    if [ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE].contains(name) {
        joined = squeezed(&joined);
    }
    // RFC 4647 section 2: ranges of languages in any case. RFC 9110 sections 8.3.2 and 8.4.1: charsets and codings too.
    if [ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE].contains(name) {
        joined.make_ascii_lowercase();
    }
    text(digest, &joined);
}

/// A list without the white space around its commas and semicolons; quoted text stays as it is.
fn squeezed(list: &[u8]) -> Vec<u8> {
    let mut squeezed: Vec<u8> = Vec::with_capacity(list.len());
    let (mut quoted, mut escaped, mut space) = (false, false, false);
    for byte in list {
        if !quoted && matches!(byte, b' ' | b'\t') {
            space = true;
            continue;
        }
        let between = matches!(byte, b',' | b';') || matches!(squeezed.last(), None | Some(b',' | b';'));
        if std::mem::take(&mut space) && !between {
            squeezed.push(b' ');
        }
        quoted ^= *byte == b'"' && !escaped;
        escaped = quoted && *byte == b'\\' && !escaped;
        squeezed.push(*byte);
    }
    squeezed
}
