//! Names of header fields as servers might fold them.
//!
//! CGI (RFC 3875 section 4.1.18) gives a script the field `X-User-Id` as `HTTP_X_USER_ID`, and so do PHP, WSGI, Rack and
//! FastCGI. `X_User_Id` arrives as the same variable, and in some servers `X.User.Id` does too: lighttpd and older
//! versions of Apache make `_` of everything that is not a letter or a digit. So here all of these are one name.

use std::cmp::Ordering;

use http::HeaderMap;
use http::header::HeaderName;

/// A set of names, each in every spelling that folds to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoldedNames {
    /// Sorted, without duplicates, each folded.
    names: Box<[Box<str>]>,
    /// Bit n says that there is a name of n bytes, the last that there is one of that many or more: most fields are
    /// known to be harmless by their length alone.
    lengths: u64,
}

/// The letter or digit in its small form; `_` for everything else that a name may have (RFC 9110 section 5.6.2).
const fn fold(byte: u8) -> u8 {
    if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'_' }
}

fn compare(folded: &str, name: &str) -> Ordering {
    folded.bytes().cmp(name.bytes().map(fold))
}

const fn length_bit(length: usize) -> u64 {
    1 << if length < 63 { length } else { 63 }
}

/// Removes every field whose name folds to one of `claimed`. One pass; nothing is allocated where there is none.
pub fn remove_claimed(headers: &mut HeaderMap, claimed: &FoldedNames) {
    if claimed.is_empty() {
        return;
    }
    let found: Vec<HeaderName> =
        headers.keys().filter(|name| claimed.contains(name.as_str())).cloned().collect();
    for name in found {
        headers.remove(name);
    }
}

// === impl FoldedNames ===

impl FoldedNames {
    /// The set of `names`, in whatever spelling.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let folded = |name: &str| name.bytes().map(|byte| char::from(fold(byte))).collect::<String>();
        let mut names: Vec<Box<str>> = names.into_iter().map(|name| folded(name).into()).collect();
        names.sort_unstable();
        names.dedup();
        let lengths = names.iter().fold(0, |bits, name| bits | length_bit(name.len()));
        Self { names: names.into(), lengths }
    }

    /// Whether `name` folds to a name of the set.
    pub fn contains(&self, name: &str) -> bool {
        self.lengths & length_bit(name.len()) != 0
            && self.names.binary_search_by(|folded| compare(folded, name)).is_ok()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn left(claimed: &[&str], sent: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for name in sent {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name.clone(), HeaderValue::from_static("1"));
            headers.append(name, HeaderValue::from_static("2"));
        }
        remove_claimed(&mut headers, &FoldedNames::new(claimed.iter().copied()));
        headers.keys().map(|name| name.as_str().to_owned()).collect()
    }

    #[test]
    fn every_spelling_is_removed() {
        let spellings =
            ["x-user-id", "X_User_Id", "x-user_id", "X.USER.ID", "x~user|id", "x!user`id", "x-user^id"];
        for spelling in spellings {
            assert_eq!(left(&["X-User-Id"], &[spelling]), [""; 0], "{spelling}");
            assert_eq!(left(&[spelling], &["x_user-id"]), [""; 0], "{spelling}");
        }
        assert_eq!(
            left(&["X-User-Id", "X-Roles"], &["host", "x.roles", "accept", "x_user_id"]),
            ["host", "accept"]
        );
    }

    #[test]
    fn other_names_stay() {
        let others =
            ["x-user-ids", "x-user-i", "xuserid", "x--user-id", "x-user-id-", "-x-user-id", "x-user-1d"];
        assert_eq!(left(&["X-User-Id"], &others), others);
        assert_eq!(left(&[], &["x-user-id"]), ["x-user-id"]);
    }

    #[test]
    fn long_names_are_told_apart() {
        let long = "a".repeat(200);
        let longer = "a".repeat(201);
        assert_eq!(left(&[&long], &[&long, &longer]), [longer]);
    }

    #[cfg(not(target_family = "wasm"))]
    mod properties {
        use proptest::prelude::*;

        use super::*;

        /// A name, and the same with its letters in any case and its other characters exchanged.
        fn spellings() -> impl Strategy<Value = (String, String)> {
            let name = proptest::string::string_regex("[a-z][a-z0-9-]{0,70}").unwrap();
            (name, any::<u64>(), any::<usize>()).prop_map(|(name, upper, other)| {
                let punctuation = "-_.~!#$%&'*+^`|".as_bytes();
                let spelt = name.bytes().enumerate().map(|(at, byte)| match byte {
                    b'-' => punctuation[other.wrapping_add(at.wrapping_mul(7)) % punctuation.len()],
                    byte if upper >> (at % 64) & 1 == 1 => byte.to_ascii_uppercase(),
                    byte => byte,
                });
                let spelt = spelt.map(char::from).collect();
                (name, spelt)
            })
        }

        proptest! {
            #[test]
            fn any_spelling_is_removed((name, spelt) in spellings(), more in spellings()) {
                prop_assert_eq!(left(&[&name, &more.0], &[&spelt, &more.1, &more.0]), [""; 0]);
            }

            #[test]
            fn what_does_not_fold_to_it_stays((name, _) in spellings(), (other, spelt) in spellings()) {
                // Said a second time, by the words of the rule.
                let same = |a: &str, b: &str| {
                    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| {
                        a.eq_ignore_ascii_case(&b) || !(a.is_ascii_alphanumeric() || b.is_ascii_alphanumeric())
                    })
                };
                let stays = !left(&[&name], &[&spelt]).is_empty();
                prop_assert_eq!(stays, !same(&name, &other));
            }
        }
    }
}
