//! Media types of content, and those that are taken.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// A media type that is taken: `application/json`, `application/*+json`, `text/*` or `*/*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRange(Box<str>);

// === impl MediaRange ===

impl MediaRange {
    /// Reads one; `None` where it is none.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let (kind, subtype) = text.split_once('/')?;
        // RFC 9110 section 5.6.2.
        let is_token = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
        };
        (is_token(kind) && is_token(subtype)).then(|| Self(text.into()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has this type, in lower case and without parameters.
    pub fn has(&self, media: &str) -> bool {
        let (Some((kind, subtype)), Some((other, others))) = (self.0.split_once('/'), media.split_once('/'))
        else {
            return false;
        };
        let subtype_fits = match subtype.split_once('*') {
            None => subtype == others,
            Some(("", suffix)) => others.ends_with(suffix),
            Some((prefix, suffix)) => {
                others.len() >= prefix.len() + suffix.len()
                    && others.starts_with(prefix)
                    && others.ends_with(suffix)
            }
        };
        (kind == "*" || kind == other) && subtype_fits
    }

    /// Whether all that it has is JSON (RFC 6839 section 3.1).
    pub fn is_json(&self) -> bool {
        matches!(&*self.0, "application/json" | "text/json") || self.0.ends_with("+json")
    }
}

/// The one media type that content with these fields has, in lower case and without parameters. `Err`: it has none, or
/// several, or one in a charset that JSON is never in (RFC 8259 section 8.1).
pub fn media_of(headers: &HeaderMap) -> Result<String, &'static str> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next().ok_or("it does not say what it is: Content-Type is missing")?;
    if values.next().is_some() {
        return Err("it says several times what it is: there is more than one Content-Type");
    }
    let text = value.to_str().map_err(|_| "its Content-Type cannot be read")?;
    let mut parts = text.split(';');
    let media = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    for parameter in parts {
        let Some((name, charset)) = parameter.split_once('=') else { continue };
        let charset = charset.trim().trim_matches('"');
        let unicode = ["utf-8", "utf8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known));
        if name.trim().eq_ignore_ascii_case("charset") && !unicode {
            return Err("it is in a charset that is not taken: only UTF-8 is");
        }
    }
    Ok(media)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    #[test]
    fn ranges_have_types() {
        for (range, media, expected) in [
            ("application/json", "application/json", true),
            ("Application/JSON", "application/json", true),
            ("application/json", "application/jsonp", false),
            ("application/*+json", "application/vnd.a+json", true),
            ("application/*+json", "application/json", false),
            ("application/vnd.*+json", "application/vnd.a+json", true),
            ("application/vnd.*+json", "application/vnd.+json", true),
            ("application/vnda*a+json", "application/vnda+json", false),
            ("text/*", "text/plain", true),
            ("text/*", "application/json", false),
            ("*/*", "image/png", true),
            ("application/json", "", false),
        ] {
            assert_eq!(MediaRange::read(range).unwrap().has(media), expected, "{range} {media}");
        }
        for text in ["", "json", "/", "a/", "a/b/c", "a b/c", "application/json; charset=utf-8"] {
            assert_eq!(MediaRange::read(text), None, "{text}");
        }
    }

    #[test]
    fn content_has_one_type() {
        let of = |values: &[&'static str]| {
            let fields = values.iter().map(|value| (CONTENT_TYPE, HeaderValue::from_static(value)));
            media_of(&fields.collect())
        };
        assert_eq!(of(&["Application/JSON ; Charset=\"UTF-8\""]).unwrap(), "application/json");
        assert_eq!(of(&["application/json;x=y;z"]).unwrap(), "application/json");
        assert!(of(&[]).is_err() && of(&["a/b", "a/b"]).is_err());
        assert!(of(&["application/json; charset=iso-8859-1"]).is_err());
    }
}
