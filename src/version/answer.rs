//! What answers say of versions: what they depend on, and where in its life a version is.

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LINK, VARY};
use http::{HeaderMap, Method};

use super::asked::looks_at;
use super::{Api, Negotiated, Version};

/// Stamps an answer, whoever made it, to a request that was for `api`.
pub fn stamp(api: &Api, negotiated: Negotiated, method: &Method, headers: &mut HeaderMap) {
    vary(headers, api.looks_at.iter().filter(|field| looks_at(field, method)));
    let Some(version) = negotiated.version.and_then(|index| api.versions.get(index)) else { return };
    for (name, value) in &version.life.fields {
        // Links of the upstream's are about other things. Of two dates, the author's counts.
        if *name == LINK {
            let _ = headers.try_append(name, value.clone());
        } else {
            let _ = headers.try_insert(name, value.clone());
        }
    }
    if negotiated.vendor {
        name_type(api, version, headers);
    }
}

/// Adds to `Vary` (RFC 9110 section 12.5.5) what it does not say yet, in one line.
fn vary<'a>(headers: &mut HeaderMap, fields: impl Iterator<Item = &'a HeaderName>) {
    let mut missing = String::new();
    for field in fields {
        let says = |line: &HeaderValue| {
            let mut members = line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            members.any(|member| member == b"*" || member.eq_ignore_ascii_case(field.as_str().as_bytes()))
        };
        if !headers.get_all(VARY).iter().any(says) {
            missing.push_str(if missing.is_empty() { "" } else { ", " });
            missing.push_str(field.as_str());
        }
    }
    if !missing.is_empty()
        && let Ok(value) = HeaderValue::try_from(missing)
    {
        let _ = headers.try_append(VARY, value);
    }
}

/// `application/json; charset=utf-8` becomes `application/vnd.acme.orders.v2+json; charset=utf-8`. Other types stay.
fn name_type(api: &Api, version: &Version, headers: &mut HeaderMap) {
    let Some(vendor) = api.vendor().filter(|vendor| vendor.content_type) else { return };
    let Some(written) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return };
    let (essence, parameters) = written.split_at(written.find(';').unwrap_or(written.len()));
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return;
    }
    if let Ok(value) = HeaderValue::try_from(format!("{}{}+json{parameters}", vendor.before, version.name)) {
        headers.insert(CONTENT_TYPE, value);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn vary_is_added_to() {
        let (accept, own) = (http::header::ACCEPT, HeaderName::from_static("x-api-version"));
        for (before, expected) in [
            (&[][..], &["accept, x-api-version"][..]),
            (&["Accept-Encoding"], &["Accept-Encoding", "accept, x-api-version"]),
            (&["X-API-Version ,Origin"], &["X-API-Version ,Origin", "accept"]),
            (&["Origin", "Accept,x-api-version"], &["Origin", "Accept,x-api-version"]),
            (&["*"], &["*"]),
        ] {
            let mut headers = HeaderMap::new();
            for line in before {
                headers.append(VARY, HeaderValue::from_static(line));
            }
            vary(&mut headers, [&accept, &own].into_iter());
            let lines: Vec<_> = headers.get_all(VARY).iter().collect();
            assert_eq!(lines, expected, "{before:?}");
        }
    }
}
