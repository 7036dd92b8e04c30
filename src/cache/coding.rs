//! Content codings: which of the variants that are kept a client takes (RFC 9110 section 12.5.3).
//!
//! `Accept-Encoding` is not compared as text, because clients say the same in a hundred ways. Variants are told apart by
//! the coding that the upstream chose, and a client gets the one that it likes best of those that are kept.

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// A coding under which variants are told apart.
pub use crate::coding::accept::Named as Coding;
use crate::coding::accept::Wishes;

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

#[cfg(test)]
mod tests;
