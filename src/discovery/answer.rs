//! What all registries' answers have in common: they are asked for over HTTP, come as JSON, and are believed in nothing.

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Response, StatusCode};

use super::Fault;
use crate::host::{Secret, Variables};

/// The largest answer of a registry, in bytes: the most targets that are used (10,000), with the two kilobytes that
/// Kubernetes and Consul write about each at most.
pub const LARGEST: usize = 20 << 20;

/// Why JSON could not be read. What the parser says may quote what was sent, and stays here.
pub fn unreadable(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    Fault::new(format!("line {line} column {column} of the answer is not what is expected there"))
}

/// The content of an answer that is one.
///
/// # Errors
/// It has another status than 200.
pub fn content(answer: Response<Bytes>, who: &str) -> Result<Bytes, Fault> {
    match answer.status() {
        StatusCode::OK => Ok(answer.into_body()),
        status => Err(refused(who, status)),
    }
}

/// An answer with a status that is none, in the operator's words.
pub fn refused(who: &str, status: StatusCode) -> Fault {
    let why = match status {
        StatusCode::UNAUTHORIZED => ": it does not know the token, or wants one",
        StatusCode::FORBIDDEN => ": the token may not ask this",
        _ => "",
    };
    Fault::new(format!("{who} answered {}{why}", status.as_u16()))
}

/// The value of a variable as a field's value, which no log shows.
///
/// # Errors
/// There is none, or one that no field can have.
pub async fn token<H: Variables>(host: &H, variable: &str, scheme: &str) -> Result<HeaderValue, Fault> {
    let value = host.variable(variable).await;
    let value = value.map_err(|error| Fault::new(format!("the variable {variable}: {}", error.cause)))?;
    let value: Secret = value.ok_or_else(|| Fault::new(format!("the variable {variable} is not set")))?;
    let text = format!("{scheme}{}", value.expose().trim_ascii());
    let mut value = HeaderValue::try_from(text).map_err(|_| {
        Fault::new(format!("the variable {variable} has characters that no {AUTHORIZATION} can have"))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What stands between two slashes or after an equals sign of an address: everything but RFC 3986's unreserved characters is
/// percent-encoded (section 2.3), so that no name can say anything else.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_where_they_are_put() {
        assert_eq!(encoded("orders-1.v2_x~"), "orders-1.v2_x~");
        assert_eq!(encoded("a/../b?c=d&e#f g"), "a%2F..%2Fb%3Fc%3Dd%26e%23f%20g");
        assert_eq!(encoded("ä"), "%C3%A4");
    }
}
