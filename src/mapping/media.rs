//! What content is, by its fields.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::Extent;

/// What content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// JSON.
    Json(Extent),
    /// JSON that says what is to be done to other JSON (RFC 6902): it names places in texts, which no step changes.
    JsonPatch,
    /// Anything else.
    Other,
}

/// What content with these fields is. Where two fields disagree, it is JSON if one of them says so: else a second field
/// would be a way around what is declared.
pub fn media(headers: &HeaderMap) -> Media {
    let mut found = Media::Other;
    for value in headers.get_all(CONTENT_TYPE) {
        let text = String::from_utf8_lossy(value.as_bytes());
        let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match &*kind {
            "application/json-patch+json" => return Media::JsonPatch,
            "application/merge-patch+json" => found = Media::Json(Extent::Changes),
            // RFC 6839 section 3.1.
            other if found == Media::Other && (other == "application/json" || other.ends_with("+json")) => {
                found = Media::Json(Extent::Whole);
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn fields(values: &[&'static str]) -> HeaderMap {
        let values = values.iter().map(|value| (CONTENT_TYPE, HeaderValue::from_static(value)));
        values.collect()
    }

    #[test]
    fn json_is_known_by_its_type() {
        let whole = Media::Json(Extent::Whole);
        for (values, expected) in [
            (&["application/json"][..], whole),
            (&["Application/JSON ; charset=utf-8"], whole),
            (&["application/vnd.acme.v2+json"], whole),
            (&["application/problem+json"], whole),
            (&["application/merge-patch+json"], Media::Json(Extent::Changes)),
            (&["application/json-patch+json"], Media::JsonPatch),
            (&["text/plain", "application/json"], whole),
            (&["application/x-ndjson"], Media::Other),
            (&["application/json-seq"], Media::Other),
            (&["text/event-stream"], Media::Other),
            (&["application/xml;a=+json"], Media::Other),
            (&[], Media::Other),
        ] {
            assert_eq!(media(&fields(values)), expected, "{values:?}");
        }
    }
}
