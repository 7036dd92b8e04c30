//! Which notation a client wants: RFC 9110 section 12.5.1.

use http::HeaderMap;
use http::header::ACCEPT;

use super::Format;
use super::charset::{parameters, pieces, unquoted};

/// What an answer is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chosen {
    /// The notation.
    pub format: Format,
    /// What it is called: the one of several names that the client likes best.
    pub media_type: &'static str,
}

/// How well something fits a media range; the best is the most specific (section 12.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// `*/*`
    Anything,
    /// `application/*`
    Type,
    /// `application/vnd.acme+json`: another type with this notation (RFC 6839).
    Suffix,
    /// The type itself.
    Exact,
    /// The type with a parameter that it has.
    Parameters,
}

/// A media range, what it says of a parameter, and how much it is wanted, in thousandths.
struct Range<'h> {
    kind: &'h str,
    subtype: &'h str,
    parameters: Vec<(&'h str, String)>,
    quality: u16,
}

/// The notation that the client wants most of those that are offered, the first of them where it likes several the same.
/// `None` where it wants none of them; the answer to that is 406.
pub fn negotiate(accept: &HeaderMap, offered: &[Format]) -> Option<Format> {
    choose(accept, offered).map(|chosen| chosen.format)
}

/// The same, and what it is to be called.
pub fn choose(accept: &HeaderMap, offered: &[Format]) -> Option<Chosen> {
    let names = |format: Format| -> &[&'static str] {
        match format {
            Format::Json => &["application/json"],
            Format::Xml => &["application/xml", "text/xml"],
            Format::Form => &["application/x-www-form-urlencoded"],
            Format::Csv => &["text/csv; charset=utf-8; header=present"],
            Format::Ndjson => &["application/x-ndjson", "application/jsonl"],
            Format::Text => &["text/plain; charset=utf-8"],
        }
    };
    let all = || offered.iter().flat_map(|format| names(*format).iter().map(|name| (*format, *name)));
    let ranges: Vec<_> = accept
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| pieces(value, b','))
        .filter_map(Range::read)
        .collect();
    // Nothing that can be read says nothing.
    if ranges.is_empty() {
        return all().next().map(|(format, media_type)| Chosen { format, media_type });
    }
    let mut best: Option<(u16, Chosen)> = None;
    for (format, media_type) in all() {
        let fits = ranges.iter().filter_map(|range| Some((range.fit(format, media_type)?, range.quality)));
        // Of ranges that are as specific, the one that wants it more.
        let quality = fits.max().map_or(0, |(_, quality)| quality);
        if quality > best.map_or(0, |(known, _)| known) {
            best = Some((quality, Chosen { format, media_type }));
        }
    }
    best.map(|(_, chosen)| chosen)
}

// === impl Range ===

impl<'h> Range<'h> {
    /// `None` for what is no media range, or has a weight that is none: it says nothing.
    fn read(text: &'h str) -> Option<Self> {
        let mut parts = parameters(text);
        let (name, value) = parts.next()?;
        let (kind, subtype) = name.split_once('/')?;
        if kind.is_empty() || subtype.is_empty() || !value.is_empty() || (kind == "*" && subtype != "*") {
            return None;
        }
        let mut range = Self { kind, subtype, parameters: Vec::new(), quality: 1_000 };
        for (name, value) in parts {
            // Section 12.4.2: what follows the weight belongs to the range no more.
            if name.eq_ignore_ascii_case("q") {
                range.quality = weight(value)?;
                break;
            }
            if !name.is_empty() {
                range.parameters.push((name, unquoted(value)?));
            }
        }
        Some(range)
    }

    fn fit(&self, format: Format, media_type: &str) -> Option<Fit> {
        let mut own = parameters(media_type);
        let (kind, subtype) = own.next()?.0.split_once('/')?;
        let own: Vec<_> = own.collect();
        let has = |(name, value): &(&str, String)| {
            let same = |(known, has): &(&str, &str)| {
                known.eq_ignore_ascii_case(name) && has.eq_ignore_ascii_case(value)
            };
            // JSON is UTF-8 (RFC 8259 section 8.1), and what is written here always is.
            own.iter().any(same) || (name.eq_ignore_ascii_case("charset") && super::charset::is_utf8(value))
        };
        let same = self.kind.eq_ignore_ascii_case(kind);
        if self.kind == "*" {
            Some(Fit::Anything)
        } else if self.subtype == "*" {
            same.then_some(Fit::Type)
        } else if same && self.subtype.eq_ignore_ascii_case(subtype) {
            match self.parameters.iter().all(has) {
                true if self.parameters.is_empty() => Some(Fit::Exact),
                true => Some(Fit::Parameters),
                // `application/json; profile="…"` is another thing, but one in this notation.
                false => Some(Fit::Suffix),
            }
        } else {
            // Pages and pictures are no documents of this kind, though they are XML.
            let (_, suffix) = self.subtype.rsplit_once('+')?;
            let known = self.kind.eq_ignore_ascii_case("application")
                && !self.subtype.eq_ignore_ascii_case("xhtml+xml")
                && match format {
                    Format::Json => suffix.eq_ignore_ascii_case("json"),
                    Format::Xml => suffix.eq_ignore_ascii_case("xml"),
                    _ => false,
                };
            known.then_some(Fit::Suffix)
        }
    }
}

/// RFC 9110 section 12.4.2: from 0 to 1, with at most three digits.
fn weight(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn chosen(accept: &[&'static str], offered: &[Format]) -> Option<&'static str> {
        let fields = accept.iter().map(|value| (ACCEPT, HeaderValue::from_static(value))).collect();
        choose(&fields, offered).map(|chosen| chosen.media_type)
    }

    #[test]
    fn the_most_wanted_is_chosen() {
        use Format::{Csv, Json, Ndjson, Xml};
        let all = &[Json, Xml, Csv, Ndjson][..];
        for (accept, expected) in [
            (&[][..], "application/json"),
            (&[""], "application/json"),
            (&["*/*"], "application/json"),
            (&["application/xml"], "application/xml"),
            (&["text/xml"], "text/xml"),
            (&["text/xml, application/xml;q=0.9"], "text/xml"),
            (&["text/*"], "text/xml"),
            (&["text/csv"], "text/csv; charset=utf-8; header=present"),
            (&["application/x-ndjson"], "application/x-ndjson"),
            (&["application/xml;q=0.5, application/json;q=0.4"], "application/xml"),
            (&["application/xml;q=0.5", "application/json;q=0.5"], "application/json"),
            (&["*/*;q=0.1, text/csv;q=0.2"], "text/csv; charset=utf-8; header=present"),
            (&["application/*;q=0.9, application/json;q=0.1"], "application/xml"),
            (&["*/*, application/json;q=0"], "application/xml"),
            (
                &["application/json; q=0.2, application/json;charset=utf-8; q=0.9, */*;q=0.5"],
                "application/json",
            ),
            // What browsers send: pages are not wanted as XML, but XML is wanted more than anything.
            (
                &["text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"],
                "application/xml",
            ),
            (&["application/vnd.acme.v2+json"], "application/json"),
            (&["application/problem+xml, application/json;q=0.9"], "application/xml"),
            (&["APPLICATION/JSON"], "application/json"),
            (&["application/json;profile=\"a, b;q=0\", text/csv;q=0.5"], "application/json"),
            (
                &["text/html, application/xml;q=nonsense, text/csv;q=0.3"],
                "text/csv; charset=utf-8; header=present",
            ),
            (&["nonsense"], "application/json"),
        ] {
            assert_eq!(chosen(accept, all), Some(expected), "{accept:?}");
        }
    }

    #[test]
    fn none_may_be_acceptable() {
        for accept in [
            "text/html",
            "application/xml",
            "application/json;q=0",
            "*/*;q=0",
            "application/xhtml+xml",
            "image/svg+xml",
            "application/*;q=0, text/csv",
            "application/json;q=0, */*;q=0.0",
        ] {
            assert_eq!(chosen(&[accept], &[Format::Json]), None, "{accept}");
        }
        assert_eq!(chosen(&["application/xhtml+xml, image/svg+xml"], &[Format::Xml]), None);
        assert_eq!(chosen(&["*/*"], &[]), None);
        assert_eq!(negotiate(&HeaderMap::new(), &[Format::Csv, Format::Json]), Some(Format::Csv));
    }

    #[test]
    fn weights_are_read() {
        for (text, expected) in [
            ("1", Some(1_000)),
            ("1.000", Some(1_000)),
            ("0", Some(0)),
            ("0.5", Some(500)),
            ("0.005", Some(5)),
            ("0.", Some(0)),
            ("1.001", None),
            ("2", None),
            ("0.0001", None),
            (".5", None),
            ("-0", None),
            ("", None),
            ("0.+1", None),
        ] {
            assert_eq!(weight(text), expected, "{text}");
        }
    }

    #[test]
    fn types_are_known() {
        for (text, expected) in [
            ("application/json", Some(Format::Json)),
            ("Application/Problem+JSON; a=b", Some(Format::Json)),
            ("text/xml", Some(Format::Xml)),
            ("application/soap+xml; charset=utf-8", Some(Format::Xml)),
            ("application/x-www-form-urlencoded", Some(Format::Form)),
            ("text/csv; header=present", Some(Format::Csv)),
            ("application/x-ndjson", Some(Format::Ndjson)),
            ("text/plain", Some(Format::Text)),
            ("text/html", None),
            ("", None),
        ] {
            assert_eq!(Format::of(text), expected, "{text}");
        }
        for format in [Format::Json, Format::Xml, Format::Form, Format::Csv, Format::Ndjson, Format::Text] {
            assert_eq!(Format::of(format.media_type()), Some(format));
        }
    }
}
