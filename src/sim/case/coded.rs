//! Content that a case sends in codings.

use http::header::{CONTENT_ENCODING, HeaderName, HeaderValue};

use crate::coding::{Coding, Encoder};
use crate::config::OneOrMany;
use crate::sim::body::Script;

/// Puts what `script` sends into codings, each around the one before, and says so in a field, unless that `is_said` already.
/// What arrives piece by piece can be read piece by piece.
pub(super) fn encode(
    codings: &OneOrMany,
    script: &mut Script,
    is_said: bool,
) -> Result<Option<(HeaderName, HeaderValue)>, String> {
    for name in codings.as_slice() {
        let coding = Coding::of_name(name.as_bytes());
        encode_once(
            coding.ok_or_else(|| format!("\"{name}\" is no coding that cases can be written in"))?,
            script,
        )?;
    }
    let said = HeaderValue::try_from(codings.as_slice().join(", ")).map_err(|error| error.to_string())?;
    Ok((!is_said).then_some((CONTENT_ENCODING, said)))
}

fn encode_once(coding: Coding, script: &mut Script) -> Result<(), String> {
    let mut encoder = Encoder::new(coding);
    let count = script.pieces.len();
    for (at, piece) in script.pieces.iter_mut().enumerate() {
        let mut out = Vec::new();
        let written =
            encoder.write(&piece.data, &mut out).and_then(|()| match (at + 1 == count, script.sized) {
                (true, _) => encoder.finish(&mut out),
                (false, true) => Ok(()),
                (false, false) => encoder.flush(&mut out),
            });
        written.map_err(|_| format!("the content cannot be written as {coding}"))?;
        piece.data = out.into();
    }
    script.pieces.retain(|piece| !piece.data.is_empty());
    Ok(())
}
