//! Tags: names under which an upstream lets its answers be purged.

use http::HeaderMap;
use http::header::HeaderName;
use sha2::{Digest as _, Sha256};

/// A tag (`Surrogate-Key`, `Cache-Tag`): a digest of it. Two tags that have the same are purged together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub [u8; 8]);

/// The most tags of an answer that count: as many as fit the 16 KiB that Fastly and Cloudflare take, at 16 bytes each.
pub const MOST: usize = 1024;

/// Tags with spaces between them.
const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");

/// Tags with commas between them.
const CACHE_TAG: HeaderName = HeaderName::from_static("cache-tag");

/// The digest of a tag.
pub fn tag(name: &[u8]) -> Tag {
    let digest = Sha256::digest(name);
    let mut tag = [0; 8];
    tag.copy_from_slice(&digest[..8]);
    Tag(tag)
}

/// The tags of an answer, sorted. One that has more than count has [`Tag::ANY`] among them: it cannot be found by all of
/// them, so every purge by tag is about it.
pub fn tags(headers: &HeaderMap) -> Vec<Tag> {
    let spaced = headers.get_all(SURROGATE_KEY).iter();
    let spaced = spaced.flat_map(|line| line.as_bytes().split(|byte| byte.is_ascii_whitespace()));
    let listed = headers.get_all(CACHE_TAG).iter();
    let listed = listed.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut names = spaced.chain(listed).map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
    let mut found: Vec<_> = names.by_ref().take(MOST).map(tag).collect();
    found.extend(names.next().map(|_| Tag::ANY));
    found.sort_unstable();
    found.dedup();
    found
}

// === impl Tag ===

impl Tag {
    /// Stands for all tags.
    pub const ANY: Self = Self([u8::MAX; 8]);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn of(fields: &[(&'static str, &str)]) -> Vec<Tag> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::try_from(*value).unwrap());
        }
        tags(&headers)
    }

    fn sorted(names: &[&str]) -> Vec<Tag> {
        let mut tags: Vec<_> = names.iter().map(|name| tag(name.as_bytes())).collect();
        tags.sort_unstable();
        tags
    }

    #[test]
    fn tags_are_read_from_both_fields_and_all_lines() {
        let found = of(&[
            ("surrogate-key", "a  b\tc"),
            ("surrogate-key", " d "),
            ("cache-tag", "e f, g,, a ,"),
            ("cache-tag", "h"),
        ]);
        assert_eq!(found, sorted(&["a", "b", "c", "d", "e f", "g", "h"]));
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[("surrogate-key", "  "), ("cache-tag", " , ")]), []);
        assert_ne!(tag(b"a"), tag(b"A"));
    }

    #[test]
    fn too_many_tags_are_all_tags() {
        let names: Vec<_> = (0..=MOST).map(|number| number.to_string()).collect();
        let few = of(&[("surrogate-key", &names[..MOST].join(" "))]);
        assert_eq!((few.len(), few.contains(&Tag::ANY)), (MOST, false));
        let many = of(&[("surrogate-key", &names.join(" "))]);
        assert_eq!((many.len(), many.last()), (MOST + 1, Some(&Tag::ANY)));
    }
}
