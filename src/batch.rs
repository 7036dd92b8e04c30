//! Several requests of a client in one: how they are written, and what is answered.
//!
//! The format is that of OData JSON 4.01 section 19, which Microsoft Graph has too, without dependencies and groups.

use std::collections::BTreeSet;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, StatusCode};

use crate::json::{self, Limits, Node, Number, Object};
use crate::mapping::{Media, media};

/// What one batch may come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// How many requests.
    pub most: usize,
    /// How many at once.
    pub at_once: usize,
    /// The largest batch, in bytes.
    pub body: u64,
    /// The largest answer to one of them, in bytes.
    pub answer: u64,
    /// Header fields that each request may have of its own, sorted by name.
    pub fields: Box<[HeaderName]>,
}

/// One of the requests.
#[derive(Debug)]
pub struct Asked {
    /// What its answer is found by.
    pub id: Box<str>,
    /// Its method.
    pub method: Method,
    /// Its address, on the host of the batch.
    pub target: PathAndQuery,
    /// Its own header fields.
    pub headers: HeaderMap,
    /// Its content.
    pub content: Vec<u8>,
}

/// Header fields that a request of a batch may have of its own, whatever an author adds. None of them says who calls or where
/// a request came from: a client must not be believed there only because its batch came through a proxy that is.
pub const FIELDS: [&str; 9] = [
    "accept",
    "accept-language",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "prefer",
];

/// The longest `id`, in bytes.
const LONGEST_ID: usize = 128;

/// Reads a batch; or says what is wrong with it.
pub fn read(content: &[u8], batch: &Batch) -> Result<Vec<Asked>, String> {
    let limits = Limits::of(usize::try_from(batch.body).unwrap_or(usize::MAX));
    let Node::Object(mut whole) = json::parse(content, &limits).map_err(|error| error.to_string())? else {
        return Err("a batch is an object with the member requests".to_owned());
    };
    let Some((_, Node::Array(requests))) = whole.take("requests") else {
        return Err("a batch has a list of requests".to_owned());
    };
    if let Some((name, _)) = whole.iter().next() {
        return Err(format!("a batch has requests and nothing else, and this has {name:?}"));
    }
    if requests.is_empty() || requests.len() > batch.most {
        return Err(format!("a batch has 1 to {} requests, and this has {}", batch.most, requests.len()));
    }
    let mut ids = BTreeSet::new();
    let mut all = Vec::with_capacity(requests.len());
    for (at, request) in requests.into_iter().enumerate() {
        let asked = one(request, batch).map_err(|why| format!("requests[{at}]: {why}"))?;
        if !ids.insert(asked.id.clone()) {
            return Err(format!("requests[{at}]: another request has the same id"));
        }
        all.push(asked);
    }
    Ok(all)
}

fn one(request: Node<'_>, batch: &Batch) -> Result<Asked, String> {
    let Node::Object(mut request) = request else { return Err("a request is an object".to_owned()) };
    let Some((_, Node::Text(id))) = request.take("id") else {
        return Err("a request has an id, which is text".to_owned());
    };
    if id.is_empty() || id.len() > LONGEST_ID {
        return Err(format!("an id has 1 to {LONGEST_ID} bytes"));
    }
    let method = match request.take("method") {
        None => Method::GET,
        Some((_, Node::Text(method))) => Method::from_bytes(method.to_ascii_uppercase().as_bytes())
            .map_err(|_| "there is no such method")?,
        Some(_) => return Err("a method is text".to_owned()),
    };
    let Some((_, Node::Text(url))) = request.take("url") else {
        return Err("a request has a url, which is text".to_owned());
    };
    // Of the same host, whatever a client writes: an address with another host would find that host's routes.
    if !url.starts_with('/') || url.starts_with("//") || url.contains('#') {
        return Err("a url begins with one slash and has no fragment".to_owned());
    }
    let target = PathAndQuery::try_from(&*url).map_err(|_| "the url cannot be read")?;
    let mut headers = own_fields(request.take("headers").map(|(_, headers)| headers), batch)?;
    let content = content(request.take("body").map(|(_, body)| body), &mut headers)?;
    if let Some((name, _)) = request.iter().next() {
        return Err(format!("a request has id, method, url, headers and body, and this has {name:?}"));
    }
    Ok(Asked { id: id.into(), method, target, headers, content })
}

fn own_fields(written: Option<Node<'_>>, batch: &Batch) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let written = match written {
        None => return Ok(headers),
        Some(Node::Object(written)) => written,
        Some(_) => return Err("headers are an object".to_owned()),
    };
    for (name, value) in written.iter() {
        let known = HeaderName::from_bytes(name.as_bytes()).ok();
        let known =
            known.filter(|name| batch.fields.binary_search_by(|own| own.as_str().cmp(name.as_str())).is_ok());
        let Some(known) = known else {
            return Err(format!("a request of a batch may not have the header field {name:?} of its own"));
        };
        let value = value.text().and_then(|text| HeaderValue::from_str(text).ok());
        let Some(value) = value else {
            return Err(format!("the header field {name:?} cannot have this value"));
        };
        if headers.insert(known, value).is_some() {
            return Err(format!("the header field {name:?} stands twice"));
        }
    }
    Ok(headers)
}

/// JSON as it was written, unless the type says that it is text.
fn content(body: Option<Node<'_>>, headers: &mut HeaderMap) -> Result<Vec<u8>, String> {
    let Some(body) = body else { return Ok(Vec::new()) };
    let typed = headers.contains_key(CONTENT_TYPE);
    if typed && media(headers) == Media::Other {
        return match body {
            Node::Text(text) => Ok(text.into_owned().into_bytes()),
            _ => Err("content that is not JSON is written as text".to_owned()),
        };
    }
    if !typed {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    body.write(usize::MAX).ok_or_else(|| "the content is too large".to_owned())
}

/// What is answered to one request: JSON as it is, text as text, and anything else in base64.
pub fn answered<'a>(id: &'a str, status: StatusCode, headers: &'a HeaderMap, content: &'a [u8]) -> Node<'a> {
    let mut answer = Object::default();
    answer.set("id", Node::Text(id.into()));
    answer.set("status", Node::Number(Number::of(&status.as_u16().into())));
    let mut fields = Object::default();
    for name in headers.keys().filter(|name| is_told(name)) {
        let lines: Vec<_> =
            headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        fields.set(name.as_str(), Node::Text(lines.join(", ").into()));
    }
    answer.set("headers", Node::Object(fields));
    if content.is_empty() {
        return Node::Object(answer);
    }
    let json = matches!(media(headers), Media::Json(_) | Media::JsonPatch);
    let json = json.then(|| json::parse(content, &Limits::of(content.len())).ok()).flatten();
    match (json, std::str::from_utf8(content)) {
        (Some(json), _) => answer.set("body", json),
        (None, Ok(text)) => answer.set("body", Node::Text(text.into())),
        (None, Err(_)) => {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(content);
            answer.set("body", Node::Text(text.into()));
            answer.set("encoding", Node::Text("base64".into()));
        }
    }
    Node::Object(answer)
}

/// Whether a field is told within the answer. Cookies are not: scripts read it, and some cookies are not for scripts. What
/// is about a connection, or about who may read the answer, is about the batch.
fn is_told(name: &HeaderName) -> bool {
    let name = name.as_str();
    let about_the_whole =
        ["set-cookie", "content-length", "connection", "transfer-encoding", "trailer", "date"];
    !about_the_whole.contains(&name) && !name.starts_with("access-control-")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn batch() -> Batch {
        let fields = FIELDS.map(HeaderName::from_static).into();
        Batch { most: 2, at_once: 2, body: 10_000, answer: 10_000, fields }
    }

    #[test]
    fn a_batch_is_read() {
        let text = r#"{"requests":[
            {"id":"a","url":"/users/7?x=1"},
            {"id":"b","method":"post","url":"/users","headers":{"Prefer":"minimal"},"body":{"n":1.10}}]}"#;
        let all = read(text.as_bytes(), &batch()).unwrap();
        assert_eq!(
            (&*all[0].id, &all[0].method, all[0].target.as_str()),
            ("a", &Method::GET, "/users/7?x=1")
        );
        assert!(all[0].content.is_empty() && all[0].headers.is_empty());
        assert_eq!(all[1].content, br#"{"n":1.10}"#);
        assert_eq!(all[1].headers["content-type"], "application/json");
        assert_eq!(all[1].headers["prefer"], "minimal");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in [
            ("[]", "an object with the member requests"),
            (r#"{"requests":{}}"#, "a list of requests"),
            (r#"{"requests":[]}"#, "1 to 2 requests, and this has 0"),
            (r#"{"requests":[1,2,3]}"#, "and this has 3"),
            (r#"{"requests":[{}],"a":1}"#, "nothing else"),
            (r#"{"requests":[1]}"#, "requests[0]: a request is an object"),
            (r#"{"requests":[{"url":"/"}]}"#, "has an id"),
            (r#"{"requests":[{"id":"","url":"/"}]}"#, "1 to 128 bytes"),
            (r#"{"requests":[{"id":"a"}]}"#, "has a url"),
            (r#"{"requests":[{"id":"a","url":"http://other/"}]}"#, "begins with one slash"),
            (r#"{"requests":[{"id":"a","url":"//other/"}]}"#, "begins with one slash"),
            (r#"{"requests":[{"id":"a","url":"/a b"}]}"#, "cannot be read"),
            (r#"{"requests":[{"id":"a","url":"/","method":"A B"}]}"#, "no such method"),
            (r#"{"requests":[{"id":"a","url":"/","dependsOn":["b"]}]}"#, "\"dependsOn\""),
            (r#"{"requests":[{"id":"a","url":"/"},{"id":"a","url":"/"}]}"#, "requests[1]: another request"),
            (
                r#"{"requests":[{"id":"a","url":"/","headers":{"x-forwarded-for":"1.1.1.1"}}]}"#,
                "may not have",
            ),
            (r#"{"requests":[{"id":"a","url":"/","headers":{"host":"b"}}]}"#, "may not have"),
            (
                r#"{"requests":[{"id":"a","url":"/","headers":{"accept":"a\r\nb"}}]}"#,
                "cannot have this value",
            ),
            (r#"{"requests":[{"id":"a","url":"/","headers":{"accept":"a","Accept":"b"}}]}"#, "stands twice"),
            (
                r#"{"requests":[{"id":"a","url":"/","headers":{"content-type":"text/plain"},"body":1}]}"#,
                "as text",
            ),
            (r#"{"requests":[],"requests":[]}"#, "second time"),
        ] {
            let said = read(text.as_bytes(), &batch()).unwrap_err();
            assert!(said.contains(why), "{text}: {said}");
        }
    }

    #[test]
    fn answers_are_what_they_are() {
        let of = |kind: &'static str, content: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            headers.insert("set-cookie", HeaderValue::from_static("a=b"));
            let answer = answered("a", StatusCode::OK, &headers, content).write(usize::MAX).unwrap();
            String::from_utf8(answer).unwrap()
        };
        let head = |kind: &str| format!(r#"{{"id":"a","status":200,"headers":{{"content-type":"{kind}"}}"#);
        assert_eq!(of("application/json", b" [1.10]"), head("application/json") + r#","body":[1.10]}"#);
        assert_eq!(of("application/json", b"{"), head("application/json") + r#","body":"{"}"#);
        assert_eq!(of("text/plain", b"1"), head("text/plain") + r#","body":"1"}"#);
        assert_eq!(of("a/b", b"\xff"), head("a/b") + r#","body":"/w==","encoding":"base64"}"#);
        assert_eq!(of("a/b", b""), head("a/b") + "}");
    }
}
