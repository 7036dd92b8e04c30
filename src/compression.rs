//! Answers compressed on their way to the client: which, for whom, and what their fields say then.
//!
//! It is the last of all that happens to an answer. What is compressed is another representation than the one that the
//! upstream made (RFC 9110 section 8.8.3.3), so that it has another entity tag: the same, but weak. A strong one would promise
//! the same bytes each time (section 8.8.1), and these depend on how the content arrived. The weak tag needs nobody to
//! translate it: `If-None-Match` compares weakly (section 13.1.2), here and at the upstream. Only `If-Match` does not, and gets
//! its strong form back.

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, StatusCode};

use crate::coding::accept::negotiate;
use crate::coding::{Coding, is_coded};

mod encoding;

pub use encoding::Encoding;

/// Digests of bytes that nobody gets any more: of the content (RFC 9530 section 2, RFC 1864), and of the representation, which
/// has its coding on (RFC 9530 section 3 with RFC 9110 section 8.1, RFC 3230 section 4.3.2).
const DIGESTS: [HeaderName; 4] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-md5"),
];

/// How the answers of a route are compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The codings, the preferred one first.
    pub codings: Box<[Coding]>,
    /// The smallest length that is worth it, in bytes.
    pub from: u64,
    /// Which media types.
    pub types: Box<[TypePattern]>,
}

/// Some media types, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypePattern {
    /// This one.
    Exact(Box<str>),
    /// All that begin so: `text/`.
    Kind(Box<str>),
    /// All that end so (RFC 6838 section 4.2.8): `+json`.
    Suffix(Box<str>),
}

/// What a request says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The coding that its answer gets, where it gets one.
    coding: Option<Coding>,
    /// The lines of `If-None-Match`.
    tags: Vec<HeaderValue>,
}

// === impl Policy ===

impl Policy {
    /// What a request with the fields `headers` comes to.
    pub fn asked(&self, headers: &HeaderMap) -> Asked {
        // RFC 9111 section 5.2.1.6.
        let coding = if has_no_transform(headers) { None } else { negotiate(headers, &self.codings) };
        Asked { coding, tags: headers.get_all(IF_NONE_MATCH).iter().cloned().collect() }
    }

    /// The coding that an answer with `status` and `headers` gets for a request that `asked`, `None` where it stays as it is;
    /// and writes what that means into `headers`. `length`: of its content, where that is known.
    pub fn apply(
        &self,
        asked: &Asked,
        status: StatusCode,
        length: Option<u64>,
        headers: &mut HeaderMap,
    ) -> Option<Coding> {
        if status == StatusCode::NOT_MODIFIED {
            // RFC 9110 section 15.4.5: what the answer with content would have.
            vary(headers);
            if asked.has_weak_form(headers) {
                weaken(headers);
            }
            return None;
        }
        if !self.concerns(status, length, headers) {
            return None;
        }
        // RFC 9110 section 12.5.5: also where this client's is as it was.
        vary(headers);
        let coding = asked.coding?;
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
        headers.remove(CONTENT_LENGTH);
        // A part of it could not be made again (RFC 9110 section 14.3).
        headers.remove(ACCEPT_RANGES);
        remove_digests(headers);
        weaken(headers);
        Some(coding)
    }

    /// Whether such an answer is compressed for those who take it.
    fn concerns(&self, status: StatusCode, length: Option<u64>, headers: &HeaderMap) -> bool {
        // RFC 9110 sections 15.3.5 to 15.3.7: without content, or a part of what others have the rest of.
        let whole = !status.is_informational() && ![204, 205, 206].contains(&status.as_u16());
        whole
            && length.is_none_or(|length| length >= self.from && length > 0)
            && !headers.contains_key(CONTENT_RANGE)
            && self.takes_type(headers)
            && !is_coded(headers)
            // RFC 9111 section 5.2.2.6.
            && !has_no_transform(headers)
    }

    /// Whether the type of the content is one of those; not where it is said twice, or not at all.
    fn takes_type(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        let essence = value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        // What compresses its messages itself, each by its own length.
        let is_grpc = essence.get(..16).is_some_and(|begin| begin.eq_ignore_ascii_case(b"application/grpc"));
        !is_grpc && self.types.iter().any(|pattern| pattern.fits(essence))
    }
}

/// Gives conditions the strong form of tags that were made weak here: whoever has `W/"a"` has all of what `"a"` is of, and no
/// weak tag ever matches in `If-Match` (RFC 9110 section 13.1.1). Tags that were weak before do not match at the upstream, as
/// they did not.
pub fn strengthen(headers: &mut HeaderMap) {
    let is_weak = |value: &HeaderValue| value.as_bytes().windows(3).any(|bytes| bytes == b"W/\"");
    if !headers.get_all(IF_MATCH).iter().any(is_weak) {
        return;
    }
    let lines: Vec<_> = headers.get_all(IF_MATCH).iter().map(strong).collect();
    headers.remove(IF_MATCH);
    headers.extend(lines.into_iter().map(|line| (IF_MATCH, line)));
}

/// A list of tags without `W/` before any of them: that stands outside of quotation marks (RFC 9110 section 8.8.3).
fn strong(line: &HeaderValue) -> HeaderValue {
    let mut written = Vec::with_capacity(line.len());
    let (mut rest, mut quoted) = (line.as_bytes(), false);
    while let Some((byte, after)) = rest.split_first() {
        if !quoted && rest.starts_with(b"W/\"") {
            rest = rest.get(2..).unwrap_or_default();
            continue;
        }
        quoted ^= *byte == b'"';
        written.push(*byte);
        rest = after;
    }
    HeaderValue::from_bytes(&written).unwrap_or_else(|_| line.clone())
}

/// Takes away digests of what nobody gets any more.
fn remove_digests(headers: &mut HeaderMap) {
    for name in DIGESTS {
        headers.remove(name);
    }
}

fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")) else { return };
    if let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat()) {
        headers.insert(ETAG, weak);
    }
}

/// Adds `Accept-Encoding` to `Vary`, where that does not say so already.
fn vary(headers: &mut HeaderMap) {
    let says = |value: &HeaderValue| {
        let mut members = value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        members.any(|name| name == b"*" || name.eq_ignore_ascii_case(b"accept-encoding"))
    };
    if !headers.get_all(VARY).iter().any(says) {
        headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
}

fn has_no_transform(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CACHE_CONTROL).iter();
    lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
}

// === impl Asked ===

impl Asked {
    /// Whether the client has what the answer's tag is of in its weak form, and not in its strong one. RFC 9111 section 4.3.4:
    /// a cache would not find what it has by a strong tag.
    fn has_weak_form(&self, headers: &HeaderMap) -> bool {
        let Some(tag) = headers.get(ETAG).map(HeaderValue::as_bytes) else { return false };
        let (mut weak, mut strong) = (false, false);
        for line in &self.tags {
            let line = line.as_bytes();
            for at in (0..line.len()).filter(|at| line.get(*at..).is_some_and(|rest| rest.starts_with(tag))) {
                match line.get(..at).is_some_and(|before| before.ends_with(b"W/")) {
                    true => weak = true,
                    false => strong = true,
                }
            }
        }
        weak && !strong
    }
}

// === impl TypePattern ===

impl TypePattern {
    /// Reads `application/json`, `text/*` or `*+json`.
    pub fn parse(text: &str) -> Option<Self> {
        // RFC 6838 section 4.2.
        let valid = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
        };
        let text = text.to_ascii_lowercase();
        if let Some(suffix) = text.strip_prefix("*+") {
            return valid(suffix).then(|| Self::Suffix(format!("+{suffix}").into()));
        }
        let (kind, name) = text.split_once('/')?;
        match (valid(kind), name) {
            (true, "*") => Some(Self::Kind(format!("{kind}/").into())),
            (true, name) if valid(name) => Some(Self::Exact(text.into())),
            _ => None,
        }
    }

    fn fits(&self, essence: &[u8]) -> bool {
        // Whoever reads events wants each at once, and has nothing of a smaller one: only who asks for it gets that.
        let events = essence.eq_ignore_ascii_case(b"text/event-stream");
        let (part, pattern) = match self {
            Self::Exact(text) => return essence.eq_ignore_ascii_case(text.as_bytes()),
            _ if events => return false,
            Self::Kind(kind) => (essence.get(..kind.len()), kind),
            Self::Suffix(suffix) => {
                (essence.len().checked_sub(suffix.len()).and_then(|at| essence.get(at..)), suffix)
            }
        };
        part.is_some_and(|part| part.eq_ignore_ascii_case(pattern.as_bytes()))
    }
}

#[cfg(test)]
mod tests;
