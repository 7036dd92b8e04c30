//! Laws of the login, on random input: what was changed is no session, nobody is taken off the origin, and nothing that
//! a browser or a provider says makes the gateway fail.

#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used)]

use http::header::{ACCEPT, COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use http::{Method, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tollgate::auth::login::exchange::Tokens;
use tollgate::auth::login::return_to::same_origin;
use tollgate::auth::login::seal::{Keys, Place, Purpose};
use tollgate::auth::login::{browser, chunks, cookie};
use tollgate::host::UnixMillis;
use url::Url;

const PLACE: Place<'_> = Place { cookie: "__Host-tollgate~people", authenticator: "people" };
const NOW: UnixMillis = UnixMillis(1_000);

fn keys() -> Keys {
    Keys::derive(["0123456789abcdef0123456789abcdef"], Purpose::Session).unwrap()
}

/// Text from what matters to a reader of addresses, and from anything.
fn target() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => select(&["/", "\\", "//", ".", "..", "\t", "\n", "\r", "@", ":", "?", "#", "%2f", "%5c", "evil.example",
            "https:", "javascript:", " ", "\u{0}", "\u{a0}", "\u{3002}", "[", "]"][..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    let first = prop_oneof![3 => Just("/".to_owned()), 1 => any::<String>()];
    (first, vec(piece, 0..8)).prop_map(|(first, rest)| first + &rest.concat())
}

proptest! {
    #[test]
    fn what_is_sealed_comes_back(value in vec(any::<u8>(), 0..2_000), nonce: [u8; 24], ends in 1_001..u64::MAX) {
        let text = keys().seal(&PLACE, UnixMillis(ends), &value, nonce).unwrap();
        prop_assert_eq!(keys().open(&PLACE, NOW, &text), Some(value));
        prop_assert_eq!(keys().open(&PLACE, UnixMillis(ends), &text), None);
    }

    #[test]
    fn no_other_text_opens(value in vec(any::<u8>(), 0..100), nonce: [u8; 24], at: prop::sample::Index, bit in 0..8_u8) {
        let text = keys().seal(&PLACE, UnixMillis(u64::MAX), &value, nonce).unwrap();
        let mut changed = text.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] ^= 1 << bit;
        if let Ok(changed) = String::from_utf8(changed) {
            prop_assert_eq!(keys().open(&PLACE, NOW, &changed), None);
        }
        prop_assert_eq!(keys().open(&PLACE, NOW, &text[..at]), None);
        prop_assert_eq!(keys().open(&PLACE, NOW, &format!("{text}A")), None);
    }

    #[test]
    fn nothing_that_was_not_sealed_opens(text in "[A-Za-z0-9_-]{0,200}", any in any::<String>()) {
        prop_assert_eq!(keys().open(&PLACE, NOW, &text), None);
        prop_assert_eq!(keys().open(&PLACE, NOW, &any), None);
    }

    #[test]
    fn nobody_is_taken_off_the_origin(target in target()) {
        let origin = Url::parse("https://app.example").unwrap();
        let path = same_origin(&target);
        // As a browser would read it by itself, and as the gateway sends it.
        for address in [origin.join(path).unwrap(), Url::parse(&format!("https://app.example{path}")).unwrap()] {
            prop_assert_eq!(address.origin(), origin.origin(), "{:?}", target);
            prop_assert_eq!(address.username(), "");
        }
        prop_assert!(HeaderValue::try_from(path).is_ok());
    }

    #[test]
    fn cookies_of_others_stay(names in vec("[a-c]", 0..8), separators in vec(select(&["; ", ";", " ;  "][..]), 8)) {
        let pairs = names.iter().zip(&separators).map(|(name, end)| format!("{name}=1{end}"));
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::try_from(pairs.collect::<String>()).unwrap());
        cookie::remove(&mut headers, |name| name == "a");
        let left: Vec<_> = cookie::all(&headers).map(|(name, _)| name.to_owned()).collect();
        let expected: Vec<_> = names.into_iter().filter(|name| name != "a").collect();
        prop_assert_eq!(left, expected);
    }

    #[test]
    fn nothing_a_browser_sends_fails(field in vec(any::<u8>(), 0..200), name in "[a-z~]{1,3}") {
        let Ok(value) = HeaderValue::from_bytes(&field) else { return Ok(()) };
        let mut headers = HeaderMap::new();
        for known in [COOKIE, ACCEPT, ORIGIN, HeaderName::from_static("sec-fetch-site")] {
            headers.insert(known, value.clone());
        }
        let _ = chunks::read(&headers, &name);
        let _ = chunks::forget(&headers, &name, true);
        let _ = browser::is_visit(&Method::GET, &headers);
        prop_assert!(!browser::may_change(&Method::POST, &headers, "https://app.example")
            || [&b"same-origin"[..], b"none"].contains(&&*field));
        cookie::remove(&mut headers, |other| other == name);
        prop_assert!(cookie::all(&headers).all(|(other, _)| other != name));
    }

    #[test]
    fn nothing_a_provider_answers_fails(status in 100..600_u16, content in vec(any::<u8>(), 0..200), text in any::<String>()) {
        let status = StatusCode::from_u16(status).unwrap();
        let _ = Tokens::read(status, &content);
        let _ = Tokens::read(status, text.as_bytes());
    }
}
