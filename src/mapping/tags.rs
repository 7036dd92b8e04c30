//! Entity tags of what was changed on the way.

use http::header::{ETAG, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

/// What is written behind the upstream's entity tag to make that of the changed answer: `"abc"` becomes
/// `"abc~1f2e3d4c"`.
///
/// What is given to clients is another representation than the upstream's, and has a tag of its own (RFC 9110 section
/// 8.8.1). Mapped anew, an answer with the same tag is the same, byte for byte, so that a strong tag stays strong; the mark
/// is a digest of the mapping, so that another mapping makes others. Conditions lose it on the way to the upstream, which
/// goes on to judge them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(Box<str>);

/// What the client's conditions say of what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// An answer that was changed.
    Changed,
    /// One that was not, or one that was changed in another way.
    Other,
    /// It does not say.
    Unsaid,
}

// === impl Mark ===

impl Mark {
    /// The mark of the mapping with this digest.
    pub fn new(digest: &[u8]) -> Self {
        let hex: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Self(format!("~{hex}").into())
    }

    /// Takes the mark out of a request's conditions.
    pub fn remove(&self, headers: &mut HeaderMap) -> Has {
        let said = headers.contains_key(IF_NONE_MATCH);
        let mut changed = false;
        for name in [IF_NONE_MATCH, IF_MATCH] {
            changed |= self.remove_from(headers, &name) && name == IF_NONE_MATCH;
        }
        match (changed, said) {
            (true, _) => Has::Changed,
            (false, true) => Has::Other,
            (false, false) => Has::Unsaid,
        }
    }

    /// A tag ends with a quotation mark and has none in it, so that the mark and one behind it are at its end.
    fn remove_from(&self, headers: &mut HeaderMap, name: &HeaderName) -> bool {
        let marked = format!("{}\"", self.0);
        let mut removed = false;
        let mut lines = Vec::new();
        for line in headers.get_all(name) {
            let replaced = line.to_str().ok().filter(|text| text.contains(&marked));
            let replaced = replaced.and_then(|text| HeaderValue::try_from(text.replace(&marked, "\"")).ok());
            removed |= replaced.is_some();
            lines.push(replaced.unwrap_or_else(|| line.clone()));
        }
        if removed {
            headers.remove(name);
            headers.extend(lines.into_iter().map(|line| (name.clone(), line)));
        }
        removed
    }

    /// Writes the mark into an answer's tag. One that is no tag is taken away.
    pub fn write(&self, headers: &mut HeaderMap) {
        let Some(tag) = headers.remove(ETAG) else { return };
        let opened = tag.to_str().ok().and_then(|text| text.trim().strip_suffix('"'));
        let opened = opened.filter(|text| text.starts_with('"') || text.starts_with("W/\""));
        if let Some(value) = opened.and_then(|text| HeaderValue::try_from(format!("{text}{}\"", self.0)).ok())
        {
            headers.insert(ETAG, value);
        }
    }

    /// The same for an answer that is not changed itself. A 304 is about what the client has; `put`: the content of a `PUT`
    /// was changed.
    pub fn write_bare(&self, status: StatusCode, has: Has, put: bool, headers: &mut HeaderMap) {
        if status == StatusCode::NOT_MODIFIED {
            match has {
                Has::Changed => self.write(headers),
                Has::Other => {}
                // Whether the answer that the client has was changed cannot be known.
                Has::Unsaid => drop(headers.remove(ETAG)),
            }
        } else if put {
            // RFC 9110 section 9.3.4: the tag of what was stored is no tag of what the client sent.
            headers.remove(ETAG);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tags_get_the_mark_and_lose_it_again() {
        let mark = Mark::new(&[0x1f, 0x2e, 0x3d, 0x4c, 0x5b]);
        for (tag, marked) in [("\"abc\"", "\"abc~1f2e3d4c\""), ("W/\"\"", "W/\"~1f2e3d4c\"")] {
            let mut headers = HeaderMap::new();
            headers.insert(ETAG, HeaderValue::from_static(tag));
            mark.write(&mut headers);
            assert_eq!(headers[ETAG], marked);
            let mut asked = HeaderMap::new();
            asked.append(IF_NONE_MATCH, HeaderValue::try_from(format!("\"x\", {marked}")).unwrap());
            asked.append(IF_NONE_MATCH, HeaderValue::from_static("\"y~1f2e3d4c\""));
            asked.append(IF_MATCH, HeaderValue::from_static("\"z~1f2e3d4d\""));
            assert_eq!(mark.remove(&mut asked), Has::Changed);
            let lines: Vec<_> = asked.get_all(IF_NONE_MATCH).iter().collect();
            assert_eq!(lines, [&*format!("\"x\", {tag}"), "\"y\""]);
            assert_eq!(asked[IF_MATCH], "\"z~1f2e3d4d\"");
        }
    }

    #[test]
    fn what_is_no_tag_is_taken_away() {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, HeaderValue::from_static("abc"));
        Mark::new(&[0; 4]).write(&mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn conditions_say_what_the_client_has() {
        let mark = Mark::new(&[0; 4]);
        let mut headers = HeaderMap::new();
        assert_eq!(mark.remove(&mut headers), Has::Unsaid);
        headers.insert(IF_MATCH, HeaderValue::from_static("\"a~00000000\""));
        assert_eq!(mark.remove(&mut headers), Has::Unsaid);
        assert_eq!(headers[IF_MATCH], "\"a\"");
        headers.insert(IF_NONE_MATCH, HeaderValue::from_static("\"a\""));
        assert_eq!(mark.remove(&mut headers), Has::Other);
    }
}
