//! Laws of keys, passwords and consumers, on random input: nothing panics, nothing that was changed is taken.

#![allow(clippy::unwrap_used)]
#![cfg(not(target_family = "wasm"))]

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use proptest::prelude::*;
use tollgate::auth::api_key::form::{Form, is_prefix, make};
use tollgate::auth::basic::credentials;
use tollgate::auth::consumer::record::{any_key, read_consumer, read_key, write_consumer, write_key};
use tollgate::auth::consumer::{Consumer, Key};
use tollgate::auth::digest::Digest;
use tollgate::auth::password::Password;
use tollgate::auth::presented::{Place, find, strip};

fn key() -> impl Strategy<Value = Key> {
    let moment = || prop::option::of(0..u64::MAX);
    (any::<[u8; 32]>(), "[a-zA-Z0-9._@:+-]{1,128}", "\\PC{0,30}", any::<u64>(), moment(), any::<bool>())
        .prop_map(|(secret, consumer, label, created, expires, disabled)| Key {
            digest: Digest::of(&secret),
            consumer: consumer.into(),
            label: label.into(),
            created,
            not_before: None,
            expires,
            disabled,
        })
}

fn consumer() -> impl Strategy<Value = Consumer> {
    let name = || "[a-zA-Z0-9._@:+-]{1,40}".prop_map(Box::<str>::from);
    let pairs = prop::collection::btree_map("\\PC{1,15}", "\\PC{0,40}", 0..5);
    (name(), prop::collection::vec(name(), 0..5), prop::option::of(name()), pairs, any::<bool>()).prop_map(
        |(id, groups, plan, pairs, disabled)| {
            let metadata = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            Consumer { id, groups, plan, metadata, disabled }
        },
    )
}

/// A request's fields and query with keys anywhere, or nearly.
fn request() -> impl Strategy<Value = (Vec<(usize, String)>, String)> {
    let value = "(ApiKey |apikey\t|key=|; ?|a=b)?[a-c=;&% ]{0,8}";
    (prop::collection::vec((0_usize..3, value), 0..5), "([a-c&=%+]|key=|k%65y=){0,12}")
}

fn places() -> [Place; 4] {
    [
        Place::Header(HeaderName::from_static("x-api-key")),
        Place::Authorization("ApiKey".into()),
        Place::Query("key".into()),
        Place::Cookie("key".into()),
    ]
}

fn headers(lines: &[(usize, String)]) -> HeaderMap {
    let names = [HeaderName::from_static("x-api-key"), AUTHORIZATION, COOKIE];
    let lines = lines.iter().filter_map(|(name, value)| Some((*name, HeaderValue::from_str(value).ok()?)));
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(&names[name], value);
    }
    headers
}

proptest! {
    #[test]
    fn a_key_that_was_made_is_taken_under_its_prefix_only(
        bits: [u8; 32],
        prefix in "[a-z][a-z0-9]{0,6}(_[a-z0-9]{1,6}){0,2}",
        other in "[a-z][a-z0-9]{0,6}(_[a-z0-9]{1,6}){0,2}",
    ) {
        prop_assert!(is_prefix(&prefix));
        let (text, digest) = make(&prefix, &mut |bytes| bytes.copy_from_slice(&bits));
        prop_assert_eq!(Form::Prefixed(prefix.as_str().into()).check(text.expose()), Ok(digest));
        prop_assert_eq!(Form::Any.check(text.expose()), Ok(digest));
        let taken = Form::Prefixed(other.as_str().into()).check(text.expose()).is_ok();
        prop_assert_eq!(taken, prefix == other);
    }

    #[test]
    fn a_key_that_was_changed_is_refused(bits: [u8; 32], at: prop::sample::Index, with in "[0-9A-Za-z_]") {
        let (text, _) = make("tgk", &mut |bytes| bytes.copy_from_slice(&bits));
        let at = at.index(text.expose().len());
        let mut changed = text.expose().to_owned();
        changed.replace_range(at..=at, &with);
        let same = changed == text.expose();
        prop_assert_eq!(Form::Prefixed("tgk".into()).check(&changed).is_ok(), same);
    }

    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,80}", bytes: Vec<u8>) {
        let _ = Form::Prefixed("tgk".into()).check(&text);
        let _ = Form::Any.check(&text);
        let _ = credentials::read(&text);
        let _ = Password::read(&text);
        let _ = Password::read(&format!("$argon2id${text}"));
        let _ = any_key(&bytes);
        let _ = any_key(text.as_bytes());
        let _ = read_consumer("a", &bytes);
    }

    #[test]
    fn credentials_are_read_as_they_were_written(user in "[^:\\p{Cc}]{0,40}", password in "\\PC{0,40}") {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let read = credentials::read(&encoded).unwrap();
        prop_assert_eq!((&*read.user, read.password.expose()), (&*user, &*password));
    }

    #[test]
    fn records_are_read_as_they_were_written(key in key(), consumer in consumer()) {
        prop_assert_eq!(read_key(&key.digest, write_key(&key).as_bytes()), Ok(key));
        prop_assert_eq!(read_consumer(&consumer.id, write_consumer(&consumer).as_bytes()), Ok(consumer.clone()));
    }

    #[test]
    fn a_record_that_was_changed_is_never_another(key in key(), at: prop::sample::Index, bit in 0..8_u8) {
        let mut record = write_key(&key).into_bytes();
        let at = at.index(record.len());
        record[at] ^= 1 << bit;
        prop_assert!(read_key(&key.digest, &record).is_err());
    }

    #[test]
    fn nothing_is_found_where_all_was_taken_out((lines, query) in request()) {
        let places = places();
        let mut headers = headers(&lines);
        let _ = find(&places, &headers, Some(&query));
        strip(&places, &mut headers);
        let query = tollgate::transform::query::edit(Some(&query), &["key"], &[], &[]);
        // `Authorization` that stands twice is refused before anything is taken out of it.
        if headers.get_all(AUTHORIZATION).iter().count() < 2 {
            prop_assert_eq!(find(&places, &headers, query.as_deref()), Ok(None));
        }
        let once = headers.clone();
        strip(&places, &mut headers);
        prop_assert_eq!(headers, once);
    }
}
