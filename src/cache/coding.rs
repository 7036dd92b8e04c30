//! Content codings: which of the variants that are kept a client takes (RFC 9110 section 12.5.3).
//!
//! `Accept-Encoding` is not compared as text, because clients say the same in a hundred ways. Variants are told apart by
//! the coding that the upstream chose, and a client gets the one that it likes best of those that are kept.

use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};

/// A coding under which variants are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coding {
    /// None.
    Identity,
    /// `gzip`, also as `x-gzip`.
    Gzip,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
    /// `deflate`.
    Deflate,
    /// Any other, or several.
    Other,
}

/// What a request says of codings: weights from 0 to 1000 (RFC 9110 section 12.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Wishes {
    /// By [`Coding`]; of those in [`Coding::Other`] the greatest.
    named: [Option<u16>; 6],
    /// That of `*`: all that are not named.
    rest: Option<u16>,
}

/// How many codings of a request are looked at: several times as many as there are registered ones.
const MOST: usize = 32;

/// A coding without a weight has the greatest.
const FULL: u16 = 1_000;

/// The coding of an answer.
pub fn of(headers: &HeaderMap) -> Coding {
    let mut found = Coding::Identity;
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            // RFC 9110 section 5.6.1: empty members count for nothing.
            let coding = if name.is_empty() { Coding::Identity } else { Coding::of_name(name) };
            found = match (found, coding) {
                (found, Coding::Identity) => found,
                (Coding::Identity, coding) => coding,
                _ => return Coding::Other,
            };
        }
    }
    found
}

/// Whether a request takes any coding: only then did the upstream choose when it used none.
pub fn offers(headers: &HeaderMap) -> bool {
    Wishes::of(headers).is_some_and(|wishes| wishes.offers())
}

/// Which of `kept` a client with the fields `headers` likes best: an index; `None` where it takes none of them. Each has its
/// coding, and whether the request that it was fetched for [`offers`] any.
///
/// An answer without coding that was fetched for a client that took none is nothing for one that does: for that one the
/// upstream might use a coding. [`Coding::Other`] is never chosen: whoever keeps such variants compares the fields as text.
pub fn best(headers: &HeaderMap, kept: &[(Coding, bool)]) -> Option<usize> {
    let wishes = Wishes::of(headers);
    let ranked = kept
        .iter()
        .enumerate()
        .filter_map(|(index, (coding, offered))| Some((rank(wishes.as_ref(), *coding, *offered)?, index)));
    // Of equals, the first.
    ranked.max_by_key(|(rank, index)| (*rank, std::cmp::Reverse(*index))).map(|(_, index)| index)
}

/// How well a variant suits; `None` where it does not.
fn rank(wishes: Option<&Wishes>, coding: Coding, offered: bool) -> Option<(u16, u8)> {
    // The smaller answer first, where a client likes them equally.
    let small = match coding {
        Coding::Other => return None,
        Coding::Identity => 0,
        Coding::Deflate => 1,
        Coding::Gzip => 2,
        Coding::Zstd => 3,
        Coding::Brotli => 4,
    };
    let Some(wishes) = wishes else {
        // RFC 9110 section 12.5.3: a client that says nothing may be sent anything, but need not understand it. RFC 9111
        // section 4.1: a field that is absent matches only one that is absent too; so a coding that the upstream uses for
        // clients that ask for none is all right, and one that others asked for is not.
        return (coding == Coding::Identity || !offered)
            .then_some((u16::from(coding == Coding::Identity), small));
    };
    let fits = coding != Coding::Identity || offered || !wishes.offers();
    fits.then(|| Some((wishes.weight(coding)?, small))).flatten()
}

// === impl Coding ===

impl Coding {
    /// RFC 9110 section 8.4.1: names in any case; `x-gzip` is `gzip`.
    fn of_name(name: &[u8]) -> Self {
        const NAMES: [(&[u8], Coding); 6] = [
            (b"gzip", Coding::Gzip),
            (b"br", Coding::Brotli),
            (b"zstd", Coding::Zstd),
            (b"deflate", Coding::Deflate),
            (b"x-gzip", Coding::Gzip),
            (b"identity", Coding::Identity),
        ];
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map_or(Self::Other, |(_, coding)| *coding)
    }
}

// === impl Wishes ===

impl Wishes {
    /// `None` where the request has no such field.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(ACCEPT_ENCODING).iter().peekable();
        values.peek()?;
        let mut wishes = Self::default();
        let members = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        for member in members.map(<[u8]>::trim_ascii).filter(|member| !member.is_empty()).take(MOST) {
            let mut parts = member.splitn(2, |byte| *byte == b';');
            let name = parts.next().unwrap_or_default().trim_ascii_end();
            // What says nothing that can be understood of its weight is not there.
            let Some(weight) = parts.next().map_or(Some(FULL), weight) else { continue };
            let place = match name {
                b"*" => &mut wishes.rest,
                name => &mut wishes.named[Coding::of_name(name) as usize],
            };
            *place = Some(place.map_or(weight, |known| known.max(weight)));
        }
        Some(wishes)
    }

    fn offers(&self) -> bool {
        let coded = self.named[1..].iter().chain([&self.rest]);
        coded.flatten().any(|weight| *weight > 0)
    }

    /// How much a coding is liked; `None` where it is not taken.
    fn weight(&self, coding: Coding) -> Option<u16> {
        let said = self.named[coding as usize].or(self.rest);
        match (coding, said) {
            (_, Some(0)) => None,
            (_, Some(weight)) => Some(weight),
            // RFC 9110 section 12.5.3: no coding is acceptable unless it is said that it is not; anything said is liked better.
            (Coding::Identity, None) => Some(0),
            (_, None) => None,
        }
    }
}

/// `q=0.123` in thousandths (RFC 9110 section 12.4.2).
fn weight(parameter: &[u8]) -> Option<u16> {
    let (name, value) = parameter.trim_ascii().split_at_checked(2)?;
    if !name.eq_ignore_ascii_case(b"q=") {
        return None;
    }
    let (whole, rest) = value.split_first()?;
    let decimals = match rest {
        [] => &[][..],
        [b'.', decimals @ ..] if decimals.len() <= 3 => decimals,
        _ => return None,
    };
    let mut thousandths = 0;
    for place in 0..3 {
        let digit = *decimals.get(place).unwrap_or(&b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        thousandths = thousandths * 10 + u16::from(digit - b'0');
    }
    match whole {
        b'0' => Some(thousandths),
        b'1' if thousandths == 0 => Some(FULL),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
