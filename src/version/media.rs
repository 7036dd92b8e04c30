//! Versions in media types: `application/json;version=2`, `application/vnd.acme.orders.v2+json`.

use http::HeaderMap;
use http::header::HeaderName;

use super::{Vendor, Way};

/// The most media types of a field that are looked at: browsers send fewer than ten.
const MOST_TYPES: usize = 32;

/// A version that a media type names, as text, and how much that type is wanted, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named<'a> {
    pub(super) text: &'a str,
    pub(super) weight: u16,
}

/// The versions that the media types in `field` name, in their order; those that are not wanted at all are none.
pub(super) fn named<'a>(
    headers: &'a HeaderMap,
    field: &HeaderName,
    way: &'a Way,
) -> impl Iterator<Item = Named<'a>> {
    let lines = headers.get_all(field).iter().filter_map(|line| line.to_str().ok());
    let types = lines.flat_map(|line| outside_quotes(line, b',')).take(MOST_TYPES);
    types.filter_map(move |media| in_type(media, way)).filter(|named| named.weight > 0)
}

fn in_type<'a>(media: &'a str, way: &Way) -> Option<Named<'a>> {
    let mut pieces = outside_quotes(media, b';');
    let essence = pieces.next()?.trim();
    let mut weight = 1000;
    let mut version = None;
    for (name, value) in pieces.filter_map(|piece| piece.split_once('=')) {
        let (name, value) = (name.trim(), unquoted(value.trim()));
        match way {
            // Whoever calls a version "q" cannot ask for it.
            _ if name.eq_ignore_ascii_case("q") => weight = thousandths(value)?,
            Way::Parameter(wanted) if name.eq_ignore_ascii_case(wanted) => version = Some(value),
            _ => {}
        }
    }
    if let Way::Vendor(vendor) = way {
        version = in_essence(essence, vendor);
    }
    version.map(|text| Named { text, weight })
}

/// What stands between the vendor's own part and the suffix (RFC 6838 section 4.2.8), which begins at the last `+`.
fn in_essence<'a>(essence: &'a str, vendor: &Vendor) -> Option<&'a str> {
    let (before, rest) = essence.split_at_checked(vendor.before.len())?;
    if !before.eq_ignore_ascii_case(&vendor.before) {
        return None;
    }
    Some(rest.rsplit_once('+').map_or(rest, |(version, _)| version))
}

/// The pieces between `mark`s that stand in no quoted string (RFC 9110 section 5.6.4).
fn outside_quotes(text: &str, mark: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = now.bytes().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ => return byte == mark && !quoted,
            }
            false
        });
        // The mark is ASCII: it never stands within a character.
        rest = end.and_then(|end| now.get(end + 1..));
        Some(end.and_then(|end| now.get(..end)).unwrap_or(now))
    })
}

/// A version needs no quotes, and no escapes within them: what has these is left as it is, and names none.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// RFC 9110 section 12.4.2: `0`, `1`, or these with up to three decimals. `None` for anything else: such a type is not
/// known to be wanted.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = |from: &str| from.bytes().fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    let missing = [1000, 100, 10, 1][decimals.len()];
    match whole {
        "0" => Some(digits(decimals) * missing),
        "1" if digits(decimals) == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::header::ACCEPT;

    use super::*;

    fn texts(accept: &str, way: &Way) -> Vec<(String, u16)> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        named(&headers, &ACCEPT, way).map(|named| (named.text.to_owned(), named.weight)).collect()
    }

    #[test]
    fn versions_in_media_types() {
        let parameter = Way::Parameter("version".into());
        let vendor = Way::Vendor(Vendor::new("Acme.orders", false));
        for (accept, way, expected) in [
            ("application/json;version=2", &parameter, &[("2", 1000)][..]),
            ("application/json ; Version = \"2\" ;q=0.5, */*", &parameter, &[("2", 500)]),
            ("application/json;x=\"a,b;version=3\";version=2", &parameter, &[("2", 1000)]),
            ("application/json;x=\"\\\";version=3\"", &parameter, &[]),
            ("a/b;version=1;q=0, a/b;version=2;q=0.125", &parameter, &[("2", 125)]),
            ("a/b;version=1;q=2, a/b;version=2;q=x", &parameter, &[]),
            ("application/vnd.acme.orders.v2+json", &vendor, &[("2", 1000)]),
            ("Application/VND.Acme.Orders.V2+json;q=0.9", &vendor, &[("2", 900)]),
            ("application/vnd.acme.orders.v1.2.0+xml", &vendor, &[("1.2.0", 1000)]),
            ("application/vnd.acme.orders.v2", &vendor, &[("2", 1000)]),
            ("application/vnd.acme.orders+json, application/json, */*", &vendor, &[]),
            ("application/vnd.acme.orders.v+json", &vendor, &[("", 1000)]),
        ] {
            let expected: Vec<_> = expected.iter().map(|(text, q)| ((*text).to_owned(), *q)).collect();
            assert_eq!(texts(accept, way), expected, "{accept}");
        }
    }

    #[test]
    fn no_more_are_looked_at_than_that() {
        let many = "a/b;version=1,".repeat(1000);
        assert_eq!(texts(&many, &Way::Parameter("version".into())).len(), MOST_TYPES);
    }

    #[test]
    fn weights() {
        for (text, expected) in [
            ("1", Some(1000)),
            ("1.000", Some(1000)),
            ("0", Some(0)),
            ("0.2", Some(200)),
            ("0.25", Some(250)),
        ] {
            assert_eq!(thousandths(text), expected, "{text}");
        }
        for bad in ["", "1.001", "2", "0.0001", "-1", ".5", "0,5"] {
            assert_eq!(thousandths(bad), None, "{bad}");
        }
    }
}
