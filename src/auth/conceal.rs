//! Taking credentials out of a request that was let in: what is good for the gateway is nobody else's.

use std::borrow::Cow;

use http::Uri;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::presented::{self, Place};
use super::{Access, Kind, Plan};
use crate::transform::query;

/// Takes away the keys and passwords of every way in that the route accepts, whichever of them the request came by:
/// from its header fields and from its query. What is passed on by the author's wish stays. Whether it came with
/// `Authorization`, which caches ask (RFC 9111 section 3.5).
pub fn conceal(plan: &Plan, access: &Access, head: &mut Parts) -> bool {
    let authorized = head.headers.contains_key(AUTHORIZATION);
    let Access::Required(required) = access else { return authorized };
    for index in &required.any {
        let places = places(&plan.authenticators[*index].kind);
        presented::strip(places, &mut head.headers);
        conceal_in_query(places, &mut head.uri);
    }
    authorized
}

fn places(kind: &Kind) -> &[Place] {
    match kind {
        Kind::ApiKey(keys) if !keys.forward => &keys.places,
        Kind::Basic(basic) if !basic.forward => &basic.places,
        _ => &[],
    }
}

fn conceal_in_query(places: &[Place], uri: &mut Uri) {
    let names: Vec<_> = presented::parameters(places).collect();
    let Some(target) = uri.path_and_query().filter(|target| !names.is_empty() && target.query().is_some())
    else {
        return;
    };
    let left = query::edit(target.query(), &names, &[], &[]);
    if left.as_deref() != target.query() {
        let left = left.map(Cow::into_owned);
        query::replace(uri, left.as_deref());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(uri: &str, expected: &str) {
        let mut uri: Uri = uri.parse().unwrap();
        let places =
            [Place::Query("key".into()), Place::Cookie("key".into()), Place::Query("api key".into())];
        conceal_in_query(&places, &mut uri);
        assert_eq!(uri.to_string(), expected);
    }

    #[test]
    fn only_the_credential_leaves_the_query() {
        check("/a?key=1", "/a");
        check("/a?x=%2F&key=1&y", "/a?x=%2F&y");
        check("/a?k%65y=1&api+key=2&api%20key=3&keys=4", "/a?keys=4");
        check("/a?x=key", "/a?x=key");
        check("/a?", "/a?");
        check("/a", "/a");
        check("http://h:1/a?key=1&z", "http://h:1/a?z");
        check("*", "*");
    }
}
