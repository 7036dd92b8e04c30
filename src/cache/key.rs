//! Under what answers are kept: digests of everything that they depend on, and what of a request an upstream gets so that
//! they depend on nothing else.
//!
//! The address is taken as it came, byte for byte: what an upstream might tell apart is never taken for the same.

use std::borrow::Cow;

use http::header::{COOKIE, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};
use sha2::{Digest as _, Sha256};

use super::policy::{KeyParts, Parameters, Policy};
use crate::auth::{Admitted, claims};
use crate::transform::query;

/// A SHA-256 digest. Nobody can make two requests with the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// Under what the answers to a request are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// The address within the route: what an unsafe method makes invalid.
    pub address: Digest,
    /// What the policy adds to it of this request, and the upstream where there are several; `None` where that is nothing.
    pub part: Option<Digest>,
}

/// Where a request was sent to, as upstreams are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// Whether the client used TLS.
    pub secure: bool,
    /// The authority that was asked for.
    pub authority: &'a str,
    /// The one that a trusted proxy says the client asked for, where it says so.
    pub forwarded: Option<&'a str>,
}

/// What is hashed: everything has its length before it, so that nothing can move from one part to the next.
struct Writer(Sha256);

/// What tells answers apart beside what the author says. It is in the part, not in the address: an unsafe method for one makes
/// invalid what is kept of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Apart<'a> {
    /// The version of the API, where it has several.
    pub version: Option<&'a str>,
    /// The name of the upstream that is asked, where there are several.
    pub upstream: Option<&'a str>,
}

// === impl Keys ===

impl Keys {
    /// Under what the answers to `head` of `caller` are kept, where there are several of an address: see [`Apart`].
    pub fn of(
        policy: &Policy,
        origin: &Origin<'_>,
        head: &Parts,
        admitted: &Admitted,
        apart: Apart<'_>,
    ) -> Self {
        let root = PathAndQuery::from_static("/");
        let target = head.uri.path_and_query().unwrap_or(&root);
        Self {
            address: address(policy, origin, target),
            part: (!policy.key.is_empty() || apart != Apart::default())
                .then(|| part(&policy.key, &head.headers, admitted, apart)),
        }
    }
}

/// Under what everything at an address of a route is kept.
pub fn address(policy: &Policy, origin: &Origin<'_>, target: &PathAndQuery) -> Digest {
    let mut hash = Writer::new(b"address");
    hash.bytes(&policy.digest);
    hash.bytes(&[u8::from(origin.secure)]);
    hash.lowercase(origin.authority);
    hash.lowercase(origin.forwarded.unwrap_or_default());
    hash.bytes(target.path().as_bytes());
    hash.optional(counted(&policy.key.query, target.query()).as_deref().map(str::as_bytes));
    hash.finish()
}

fn part(key: &KeyParts, headers: &HeaderMap, admitted: &Admitted, apart: Apart<'_>) -> Digest {
    let caller = admitted.caller.as_deref();
    let mut hash = Writer::new(b"part");
    hash.optional(apart.version.map(str::as_bytes));
    hash.optional(apart.upstream.map(str::as_bytes));
    for name in &key.headers {
        hash.count(headers.get_all(name).iter().count());
        headers.get_all(name).iter().for_each(|line| hash.bytes(line.as_bytes()));
    }
    for name in &key.cookies {
        hash.count(cookies(headers).filter(|(other, _)| **other == **name).count());
        cookies(headers).filter(|(other, _)| **other == **name).for_each(|(_, value)| hash.bytes(value));
    }
    for path in &key.claims {
        let value = caller.and_then(|caller| claims::at(&caller.claims, path));
        hash.optional(value.map(ToString::to_string).as_deref().map(str::as_bytes));
    }
    let consumer = caller.and_then(|caller| caller.consumer.as_deref());
    if key.consumer {
        hash.optional(consumer.map(|consumer| consumer.id.as_bytes()));
    }
    if key.caller {
        hash.bytes(caller.map_or(b"", |caller| caller.by.as_bytes()));
        hash.optional(caller.and_then(|caller| caller.subject.as_deref()).map(str::as_bytes));
        hash.optional(consumer.map(|consumer| consumer.id.as_bytes()));
        hash.optional(caller.and_then(|caller| caller.credential).as_ref().map(|id| &id.0[..]));
        // What an external service adds to the request may be of this caller only, also where it alone knows who that is.
        hash.count(admitted.request.len());
        for (name, value) in &admitted.request {
            hash.bytes(name.as_str().as_bytes());
            hash.bytes(value.as_bytes());
        }
    }
    hash.finish()
}

/// The parameters of a query that count, byte for byte and in their order.
pub fn counted<'a>(parameters: &Parameters, query: Option<&'a str>) -> Option<Cow<'a, str>> {
    match parameters {
        Parameters::All => query.map(Cow::Borrowed),
        parameters => query::retain(query, |name| parameters.counts(name)),
    }
}

/// Takes out of a request whose answer may be kept what the answer must not depend on.
pub fn withhold(policy: &Policy, head: &mut Parts) {
    let passes = &policy.passes;
    let cookies = kept_cookies(&policy.key.cookies, &head.headers);
    if !passes.all {
        let mut left = HeaderMap::with_capacity(passes.fields.len() + 8);
        for name in &passes.fields {
            for line in head.headers.get_all(name) {
                left.append(name.clone(), line.clone());
            }
        }
        head.headers = left;
    }
    // Cookies say who somebody is: also where all fields pass, these pass by their names only.
    if !passes.fields.contains(&COOKIE) {
        head.headers.remove(COOKIE);
        if let Some(cookies) = cookies {
            head.headers.insert(COOKIE, cookies);
        }
    }
}

/// Takes out of an address what does not count.
pub fn count(policy: &Policy, uri: &mut Uri) {
    let counted = counted(&policy.key.query, uri.query());
    if counted.as_deref() != uri.query() {
        let counted = counted.map(Cow::into_owned);
        query::replace(uri, counted.as_deref());
    }
}

/// What tells the requests apart that the upstream gets, of those with the same keys: only those that are alike wait for
/// each other's answers.
pub fn alike(policy: &Policy, keys: &Keys, headers: &HeaderMap) -> Digest {
    let mut hash = Writer::new(b"alike");
    hash.bytes(&keys.address.0);
    hash.optional(keys.part.as_ref().map(|part| &part.0[..]));
    let mut add = |name: &http::HeaderName| {
        hash.bytes(name.as_str().as_bytes());
        hash.count(headers.get_all(name).iter().count());
        headers.get_all(name).iter().for_each(|line| hash.bytes(line.as_bytes()));
    };
    match policy.passes.all {
        true => headers.keys().for_each(add),
        false => policy.passes.fields.iter().for_each(&mut add),
    }
    hash.finish()
}

/// What stands for the writing of an answer under `keys` into a store.
pub fn writing(keys: &Keys) -> Digest {
    let mut hash = Writer::new(b"writing");
    hash.bytes(&keys.address.0);
    hash.optional(keys.part.as_ref().map(|part| &part.0[..]));
    hash.finish()
}

fn kept_cookies(names: &[Box<str>], headers: &HeaderMap) -> Option<HeaderValue> {
    let mut joined = Vec::new();
    for (name, value) in cookies(headers) {
        if names.binary_search_by(|known| (**known).cmp(name)).is_ok() {
            if !joined.is_empty() {
                joined.extend_from_slice(b"; ");
            }
            joined.extend_from_slice(name.as_bytes());
            joined.push(b'=');
            joined.extend_from_slice(value);
        }
    }
    if joined.is_empty() { None } else { HeaderValue::from_bytes(&joined).ok() }
}

/// Names and values in `Cookie` (RFC 6265 section 4.2.1). What has no name that is text is none.
fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(|pair| {
        let pair = pair.trim_ascii();
        let at = pair.iter().position(|byte| *byte == b'=')?;
        Some((std::str::from_utf8(&pair[..at]).ok()?, &pair[at + 1..]))
    })
}

// === impl Digest ===

impl Digest {
    /// In hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(HEX[usize::from(digit)]))
            .collect()
    }
}

const HEX: [u8; 16] = *b"0123456789abcdef";

// === impl Writer ===

impl Writer {
    fn new(what: &[u8]) -> Self {
        let mut writer = Self(Sha256::new());
        writer.bytes(what);
        writer
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        self.0.update([u8::from(bytes.is_some())]);
        self.bytes(bytes.unwrap_or_default());
    }

    /// Host names have no case (RFC 3986 section 3.2.2).
    fn lowercase(&mut self, text: &str) {
        self.count(text.len());
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            self.0.update(text.to_ascii_lowercase().as_bytes());
        } else {
            self.0.update(text.as_bytes());
        }
    }

    fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::Request;

    use super::*;

    #[test]
    fn only_parameters_that_count_count() {
        let only = Parameters::Only(vec!["a".into(), "b c".into()]);
        assert_eq!(counted(&only, Some("x=1&a=%31&b+c=2&a=3")).as_deref(), Some("a=%31&b+c=2&a=3"));
        assert_eq!(counted(&only, Some("x=1")), None);
        assert_eq!(counted(&only, None), None);
        let ignore = Parameters::Ignore { names: vec!["fbclid".into()], prefixes: vec!["utm_".into()] };
        assert_eq!(counted(&ignore, Some("utm_a=1&q=2&fbclid=3&%75tm_b=4")).as_deref(), Some("q=2"));
        assert_eq!(counted(&Parameters::All, Some("")).as_deref(), Some(""));
    }

    #[test]
    fn of_all_cookies_those_of_the_key_are_passed_on() {
        let request = Request::builder()
            .header("cookie", "a=1; session=secret;b=x=y")
            .header("cookie", "c; a=2")
            .body(())
            .unwrap();
        let names = ["a".into(), "b".into()];
        assert_eq!(kept_cookies(&names, request.headers()).unwrap(), "a=1; b=x=y; a=2");
        assert_eq!(kept_cookies(&["z".into()], request.headers()), None);
    }
}
