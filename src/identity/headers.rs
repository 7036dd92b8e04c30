//! Header fields that tell an upstream who calls.

use http::HeaderMap;
use http::header::HeaderName;
use serde_json::Value;

use super::source::{Fact, Source, scalar};
use super::value::{self, TooLong};
use crate::auth::Caller;

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityHeader {
    /// Its name.
    pub name: HeaderName,
    /// What it says.
    pub source: Source,
}

/// Why the fields cannot be written: this one would be longer than [`value::LONGEST`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderTooLong(pub HeaderName);

/// Has each of `fields` exactly once, or not at all where nothing is known for it.
///
/// Text is percent-encoded as in [`value`]. Of claims, text, numbers and truth are written as they are; an array of
/// these with commas between them. An object, `null`, and an array with anything else in it have no plain form, and are
/// not written: half of them would be something else. The members of an object can be named by their path, and the
/// gateway's token carries whole objects.
pub fn write(
    headers: &mut HeaderMap,
    fields: &[IdentityHeader],
    caller: &Caller,
) -> Result<(), HeaderTooLong> {
    for IdentityHeader { name, source } in fields {
        headers.remove(name);
        let value = match source.find(caller) {
            None => continue,
            Some(Fact::Text(text)) => value::text(text),
            Some(Fact::List(items, separator)) => value::list(items.iter().map(|item| &**item), separator),
            Some(Fact::Json(claim)) => match plain(claim) {
                Some(value) => value,
                None => continue,
            },
        };
        let value = value.map_err(|TooLong| HeaderTooLong(name.clone()))?;
        // It fails beyond 32,768 fields, far more than any limit on a request's fields lets through.
        headers.try_insert(name, value).map_err(|_| HeaderTooLong(name.clone()))?;
    }
    Ok(())
}

/// A claim as a value; `None` where it has no plain form.
fn plain(claim: &Value) -> Option<Result<http::HeaderValue, TooLong>> {
    let Value::Array(items) = claim else {
        return Some(value::text(&scalar(claim)?));
    };
    let items: Vec<_> = items.iter().map(scalar).collect::<Option<_>>()?;
    (!items.is_empty()).then(|| value::list(items.iter().map(|item| &**item), b','))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;

    use http::HeaderValue;
    use serde_json::json;

    use super::*;
    use crate::auth::caller::Consumer;
    use crate::auth::claims::ClaimPath;

    fn written(source: Source, caller: &Caller) -> Option<String> {
        let name = HeaderName::from_static("x-it");
        let mut headers = HeaderMap::new();
        headers.append(&name, HeaderValue::from_static("forged"));
        headers.append(&name, HeaderValue::from_static("twice"));
        write(&mut headers, &[IdentityHeader { name: name.clone(), source }], caller).unwrap();
        assert!(headers.get_all(&name).iter().count() <= 1);
        headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    fn claim(name: &str) -> Source {
        Source::Claim(ClaimPath::parse(name).unwrap())
    }

    #[test]
    fn says_what_is_known() {
        let texts = |items: &[&str]| items.iter().map(|item| Box::from(*item)).collect::<Vec<_>>();
        let consumer = Consumer {
            id: "acme".into(),
            metadata: vec![("tier".into(), "gold".into())],
            ..Consumer::default()
        };
        let caller = Caller {
            by: "keys".into(),
            subject: Some("Zo\u{eb}".into()),
            scopes: texts(&["read", "write"]),
            roles: texts(&["admin", "a,b"]),
            groups: texts(&["x y", "z"]),
            consumer: Some(Arc::new(consumer)),
            ..Caller::default()
        };
        for (source, expected) in [
            (Source::Subject, "Zo%C3%AB"),
            (Source::Consumer, "acme"),
            (Source::Authenticator, "keys"),
            (Source::Scopes, "read write"),
            (Source::Roles, "admin,a%2Cb"),
            (Source::Groups, "x y,z"),
            (Source::Metadata("tier".into()), "gold"),
        ] {
            assert_eq!(written(source.clone(), &caller).as_deref(), Some(expected), "{source:?}");
            // Somebody was let in by something, however little is known.
            let little = (source == Source::Authenticator).then_some("");
            assert_eq!(written(source, &Caller::default()).as_deref(), little);
        }
        assert_eq!(written(claim("sub"), &caller), None);
    }

    #[test]
    fn claims_have_a_plain_form_or_none() {
        let claims = json!({
            "text": "a b", "number": 7, "fraction": 1.5, "yes": true, "no": false, "list": ["a", 1, true, "b,c"],
            "null": null, "object": { "a": 1 }, "mixed": ["a", ["b"]], "with null": ["a", null], "nothing": [],
            "line": "a\nb",
        });
        let caller = Caller { claims: claims.as_object().unwrap().clone(), ..Caller::default() };
        for (name, expected) in [
            ("text", Some("a b")),
            ("number", Some("7")),
            ("fraction", Some("1.5")),
            ("yes", Some("true")),
            ("no", Some("false")),
            ("list", Some("a,1,true,b%2Cc")),
            ("null", None),
            ("object", None),
            ("mixed", None),
            ("with null", None),
            ("nothing", None),
            ("line", Some("a%0Ab")),
        ] {
            assert_eq!(written(claim(name), &caller).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn nothing_is_cut_off() {
        let subject = "a".repeat(value::LONGEST + 1);
        let caller = Caller { subject: Some(subject.into()), ..Caller::default() };
        let name = HeaderName::from_static("x-it");
        let fields = [IdentityHeader { name: name.clone(), source: Source::Subject }];
        assert_eq!(write(&mut HeaderMap::new(), &fields, &caller), Err(HeaderTooLong(name)));
    }
}
