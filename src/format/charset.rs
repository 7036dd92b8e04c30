//! Which charset text is in. What is not UTF-8 is refused: nothing of ours could write it again as it was.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::{Error, Fault};

/// A charset that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// RFC 3629; also where nothing is said.
    Utf8,
    /// A part of it: bytes above 0x7F are none.
    Ascii,
}

/// What these fields say of content; [`Fault::Charset`] where that is another charset, two of them, or cannot be read.
pub fn charset(headers: &HeaderMap) -> Result<Charset, Fault> {
    let mut found = None;
    for value in headers.get_all(CONTENT_TYPE) {
        let text = value.to_str().map_err(|_| Fault::Charset)?;
        for (name, value) in parameters(text).skip(1) {
            if !name.eq_ignore_ascii_case("charset") {
                continue;
            }
            let value = unquoted(value).ok_or(Fault::Charset)?;
            let charset = if is_utf8(&value) {
                Charset::Utf8
            } else if value.eq_ignore_ascii_case("us-ascii") {
                Charset::Ascii
            } else {
                return Err(Fault::Charset);
            };
            // RFC 9110 section 5.6.6: names of parameters stand once; whoever reads the other would read another text.
            if found.is_some_and(|known| known != charset) {
                return Err(Fault::Charset);
            }
            found = Some(charset);
        }
    }
    Ok(found.unwrap_or(Charset::Utf8))
}

/// The text that content with these fields is.
pub fn text<'b>(headers: &HeaderMap, bytes: &'b [u8]) -> Result<&'b str, Error> {
    let charset = charset(headers).map_err(|fault| fault.at(0))?;
    if charset == Charset::Ascii
        && let Some(at) = bytes.iter().position(|byte| !byte.is_ascii())
    {
        return Err(Fault::Encoding.at(at));
    }
    std::str::from_utf8(bytes).map_err(|error| Fault::Encoding.at(error.valid_up_to()))
}

/// RFC 3629 section 8 has the name; many write it without the hyphen, and mean the same.
pub(super) fn is_utf8(name: &str) -> bool {
    name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8")
}

/// What stands between semicolons outside of quotation marks, as name and value around the first `=`: the media type is
/// the first of them.
pub(super) fn parameters(text: &str) -> impl Iterator<Item = (&str, &str)> {
    pieces(text, b';').map(|piece| {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        (name.trim(), value.trim())
    })
}

/// What stands between separators outside of quotation marks (RFC 9110 section 5.6.4).
pub(super) fn pieces(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let all = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = all.bytes().position(|byte| {
            let ends = byte == separator && !quoted;
            (quoted, escaped) = match byte {
                _ if escaped => (quoted, false),
                b'\\' if quoted => (quoted, true),
                b'"' => (!quoted, false),
                _ => (quoted, false),
            };
            ends
        });
        let piece = end.map_or(all, |end| &all[..end]);
        rest = end.map(|end| &all[end + 1..]);
        Some(piece)
    })
}

/// The value of a parameter, which is a token or in quotation marks; `None` where it is neither.
pub(super) fn unquoted(value: &str) -> Option<String> {
    let Some(inside) = value.strip_prefix('"') else {
        return (!value.is_empty() && !value.contains(['"', ' ', '\t'])).then(|| value.to_owned());
    };
    let (mut out, mut characters) = (String::new(), inside.chars());
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(out),
            '\\' => out.push(characters.next()?),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn fields(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (CONTENT_TYPE, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn utf_8_is_known_and_others_are_refused() {
        for (values, expected) in [
            (&[][..], Ok(Charset::Utf8)),
            (&["application/json"], Ok(Charset::Utf8)),
            (&["text/xml; charset=utf-8"], Ok(Charset::Utf8)),
            (&["text/xml;charset=\"UTF-8\""], Ok(Charset::Utf8)),
            (&["text/xml; a=\";charset=latin1\"; Charset = utf8"], Ok(Charset::Utf8)),
            (&["text/plain; charset=US-ASCII"], Ok(Charset::Ascii)),
            (&["text/plain; charset=utf-8; charset=utf-8"], Ok(Charset::Utf8)),
            (&["text/plain; charset=utf-8; charset=us-ascii"], Err(Fault::Charset)),
            (&["text/plain; charset=utf-8", "text/plain; charset=iso-8859-1"], Err(Fault::Charset)),
            (&["text/xml; charset=iso-8859-1"], Err(Fault::Charset)),
            (&["text/xml; charset=\"utf-\\8\""], Ok(Charset::Utf8)),
            (&["text/xml; charset=\"utf-8"], Err(Fault::Charset)),
            (&["text/xml; charset="], Err(Fault::Charset)),
            (&["application/xml; charset=utf-16"], Err(Fault::Charset)),
        ] {
            assert_eq!(charset(&fields(values)), expected, "{values:?}");
        }
    }

    #[test]
    fn text_is_what_it_says_it_is() {
        assert_eq!(text(&fields(&["text/plain"]), "ü".as_bytes()), Ok("ü"));
        assert_eq!(text(&fields(&["text/plain"]), b"a\xfc"), Err(Fault::Encoding.at(1)));
        assert_eq!(
            text(&fields(&["text/plain; charset=us-ascii"]), "aü".as_bytes()),
            Err(Fault::Encoding.at(1))
        );
        assert_eq!(text(&fields(&["text/plain; charset=latin1"]), b"a"), Err(Fault::Charset.at(0)));
    }
}
