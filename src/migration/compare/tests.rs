//! What is a difference, and what is shown of it.

#![allow(clippy::unwrap_used)]
use http::header::{CONTENT_TYPE, ETAG, HeaderValue};

use super::*;
use crate::json::Path;

fn rules(ignored: &[&str]) -> Compare {
    Compare {
        status: true,
        headers: vec![CONTENT_TYPE, ETAG],
        json: Some(Rules {
            ignored: ignored.iter().map(|path| Path::read(path).unwrap()).collect(),
            ..Rules::default()
        }),
        largest: 1_000,
        sample: Share::ALL,
        show_values: false,
    }
}

fn seen(status: u16, body: &'static str) -> Seen {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))].into_iter().collect();
    let status = StatusCode::from_u16(status).unwrap();
    Seen { status, headers, body: Some(Bytes::from_static(body.as_bytes())) }
}

fn compared(rules: &Compare, one: &Seen, other: &Seen) -> (Result, Vec<String>) {
    let Compared { result, differences } = rules.compare(one, other);
    (result, differences)
}

#[test]
fn the_same_in_another_form_is_the_same() {
    let one = seen(200, r#"{"a":1,"b":[1,2],"meta":{"time":1}}"#);
    let other = seen(200, r#" { "meta": { "time": 2 }, "b": [1.0, 2], "a": 1e0 }"#);
    assert_eq!(compared(&rules(&["meta.time"]), &one, &other), (Result::Same, vec![]));
    let expected = (Result::Body, vec!["meta.time: value".to_owned()]);
    assert_eq!(compared(&rules(&[]), &one, &other), expected);
}

#[test]
fn values_are_shown_by_the_authors_word_only() {
    let one = seen(200, r#"{"name":"Ada","list":[{"x":1}]}"#);
    let other = seen(200, r#"{"name":"Grace","list":[{"x":2}],"more":true}"#);
    let (_, differences) = compared(&rules(&[]), &one, &other);
    assert_eq!(differences, ["list[0].x: value", "more: added", "name: value"]);
    let show = Compare { show_values: true, ..rules(&[]) };
    let (_, differences) = compared(&show, &one, &other);
    assert_eq!(
        differences,
        ["list[0].x: value, 1 and 2", "more: added, nothing and true", "name: value, \"Ada\" and \"Grace\""]
    );
}

#[test]
fn a_status_says_all() {
    let (one, other) = (seen(200, "{}"), seen(404, "[]"));
    assert_eq!(compared(&rules(&[]), &one, &other), (Result::Status, vec!["status: 200 and 404".to_owned()]));
    let without = Compare { status: false, ..rules(&[]) };
    assert_eq!(compared(&without, &one, &other), (Result::Body, vec!["content: type".to_owned()]));
}

#[test]
fn fields_that_are_named_are_compared() {
    let (one, mut other) = (seen(200, "{}"), seen(200, "{}"));
    other.headers.insert("x-other", HeaderValue::from_static("1"));
    assert_eq!(compared(&rules(&[]), &one, &other).0, Result::Same);
    other.headers.insert(ETAG, HeaderValue::from_static("\"secret\""));
    assert_eq!(compared(&rules(&[]), &one, &other), (Result::Header, vec!["etag".to_owned()]));
    let show = Compare { show_values: true, ..rules(&[]) };
    assert_eq!(compared(&show, &one, &other).1, ["etag:  and \"secret\""]);
}

#[test]
fn what_is_not_there_whole_is_not_compared() {
    let one = seen(200, "{}");
    let cut_off = Seen { body: None, ..seen(200, "[]") };
    assert_eq!(compared(&rules(&[]), &one, &cut_off).0, Result::Same);
    let mut coded = seen(200, "[]");
    coded.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    assert_eq!(compared(&rules(&[]), &one, &coded).0, Result::Same);
}

#[test]
fn what_is_not_json_must_be_the_same_bytes() {
    assert_eq!(compared(&rules(&[]), &seen(200, "a"), &seen(200, "a")).0, Result::Same);
    assert_eq!(compared(&rules(&[]), &seen(200, "a"), &seen(200, "b")).0, Result::Body);
    assert_eq!(compared(&rules(&[]), &seen(200, "{}"), &seen(200, "b")).0, Result::Body);
    assert_eq!(compared(&rules(&[]), &seen(200, ""), &seen(200, "")).0, Result::Same);
}
