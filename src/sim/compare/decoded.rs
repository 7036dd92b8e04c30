//! Content that came in codings, as it is in them.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use super::{Comparison, NOTHING, content};
use crate::coding::{Coding, Decoder, decode};
use crate::config::OneOrMany;

/// The largest content that a case looks into, in bytes.
const MOST: u64 = 64 << 20;

impl Comparison<'_> {
    /// `body`, or what is in it where `codings` are expected: then the fields say these, too.
    pub(super) fn decoded(
        &mut self,
        codings: Option<&OneOrMany>,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Bytes {
        let Some(codings) = codings else { return body.clone() };
        let said: Vec<_> =
            headers.get_all(CONTENT_ENCODING).iter().map(|value| content::text(value.as_bytes())).collect();
        let got = if said.is_empty() { NOTHING.to_owned() } else { said.join(", ") };
        self.same("coding", &codings.as_slice().join(", "), &got);
        match known(codings).map(|codings| decode(&codings, body.clone(), MOST)) {
            Some(Ok(content)) => content,
            Some(Err(fault)) => {
                self.differ("coding", "content that can be decoded", fault.to_string());
                Bytes::new()
            }
            None => {
                self.differ("coding", codings.as_slice().join(", "), "cases know no such coding");
                Bytes::new()
            }
        }
    }
}

fn known(codings: &OneOrMany) -> Option<Vec<Coding>> {
    codings.as_slice().iter().map(|name| Coding::of_name(name.as_bytes())).collect()
}

/// What can be read when: `pieces`, or what is in them where they have `codings`. What cannot be decoded is told elsewhere.
pub(super) fn pieces(codings: Option<&OneOrMany>, pieces: &[(Duration, Bytes)]) -> Vec<(Duration, Bytes)> {
    let Some(codings) = codings.and_then(known) else { return pieces.to_vec() };
    let mut decoder = Decoder::new(&codings, MOST);
    let mut read = Vec::new();
    for (at, piece) in pieces {
        decoder.push(piece.clone());
        while let Ok(Some(piece)) = decoder.pull() {
            read.push((*at, piece));
        }
    }
    read
}
